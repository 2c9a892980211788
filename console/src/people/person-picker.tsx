/**
 * Chooses a user whom tickets can be assigned to. There may be thousands, so they are searched and read page by page;
 * while the list is open it is read again and again, since people come and go. The pattern is the combobox of the ARIA
 * Authoring Practices: the focus stays in the field, and the arrow keys move through the list.
 */
import { type KeyboardEvent, useCallback, useEffect, useId, useRef, useState } from 'react';
import { LIMITS } from '../../../src/contract/limits.ts';
import { Icon } from '../components/icons.tsx';
import { usePolled } from '../components/polled.ts';
import { useReport } from '../components/toasts.tsx';
import type { Person } from '../desk/desk.ts';
import { useTexts } from '../language/language.tsx';
import { useSignedIn } from '../session/signed-in.tsx';
import { isForInputMethod, isLeaveKey } from '../writing/keys.ts';
import { searchable } from '../writing/text.ts';

export interface PersonOption {
  readonly value: string;
  readonly name: string;
}

interface Props {
  readonly label: string;
  /** The name of who is chosen now. */
  readonly chosen: string;
  /** Choices above the people, while no words are searched. */
  readonly fixed: readonly PersonOption[];
  readonly disabled?: boolean;
  /** `value`: of a fixed choice, or the id of a user. */
  readonly onChoose: (value: string) => void;
}

/** Milliseconds after the last key before people are searched. */
const PAUSE = 200;
/** Milliseconds after which an open list is read again. */
const RENEW_EVERY = 15_000;

export function PersonPicker({ label, chosen, fixed, disabled = false, onChoose }: Props) {
  const [open, setOpen] = useState(false);
  const around = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (!open) return;
    const leave = ({ target }: Event) => {
      if (target instanceof Node && !around.current?.contains(target)) setOpen(false);
    };
    document.addEventListener('pointerdown', leave);
    document.addEventListener('focusin', leave);
    return () => {
      document.removeEventListener('pointerdown', leave);
      document.removeEventListener('focusin', leave);
    };
  }, [open]);

  function close(): void {
    setOpen(false);
    button.current?.focus();
  }

  return (
    <div className="picker" ref={around}>
      <button
        ref={button}
        type="button"
        className="input small picker-button"
        aria-label={`${label}: ${chosen}`}
        aria-haspopup="dialog"
        aria-expanded={open}
        disabled={disabled}
        onClick={() => setOpen(!open)}
      >
        <span className="one-line" dir="auto">
          {chosen}
        </span>
        <Icon name="down" />
      </button>
      {open && (
        <Choices
          label={label}
          fixed={fixed}
          onLeave={close}
          onChoose={(value) => {
            close();
            onChoose(value);
          }}
        />
      )}
    </div>
  );
}

interface ChoicesProps extends Pick<Props, 'label' | 'fixed' | 'onChoose'> {
  readonly onLeave: () => void;
}

function Choices({ label, fixed, onChoose, onLeave }: ChoicesProps) {
  const { picker, tryAgain } = useTexts();
  const id = useId();
  const field = useRef<HTMLInputElement>(null);
  const [typed, setTyped] = useState('');
  const [active, setActive] = useState(0);
  const { people, hasMore, showMore, error, refresh } = useAssignable(typed);
  const shownFixed = searchable(typed, LIMITS.search) === '' ? fixed : [];
  const options: readonly PersonOption[] = [
    ...shownFixed,
    ...people.filter(({ id }) => !shownFixed.some(({ value }) => value === id)).map(optionOf),
  ];
  useEffect(() => field.current?.focus(), []);
  useEffect(() => {
    document.getElementById(`${id} ${active}`)?.scrollIntoView({ block: 'nearest' });
  }, [id, active]);

  function choose(option: PersonOption | undefined): void {
    if (option !== undefined) onChoose(option.value);
  }

  function key(event: KeyboardEvent): void {
    if (isForInputMethod(event.nativeEvent)) return;
    if (isLeaveKey(event.nativeEvent)) {
      // Escape closes this list only, not the panel around it.
      event.stopPropagation();
      onLeave();
    } else if (event.key === 'Enter') choose(options[active]);
    else if (event.key === 'ArrowDown') move(active + 1);
    else if (event.key === 'ArrowUp') move(active - 1);
    else return;
    event.preventDefault();
  }

  function move(to: number): void {
    if (to >= options.length - 1 && hasMore) showMore();
    setActive(Math.min(Math.max(to, 0), Math.max(options.length - 1, 0)));
  }

  return (
    <section className="picker-panel" aria-label={label}>
      <input
        ref={field}
        className="input small"
        dir="auto"
        role="combobox"
        aria-label={picker.search}
        placeholder={picker.search}
        aria-expanded={true}
        aria-controls={id}
        aria-activedescendant={options.length > 0 ? `${id} ${active}` : undefined}
        autoComplete="off"
        value={typed}
        onChange={({ target }) => {
          setTyped(target.value);
          setActive(0);
        }}
        onKeyDown={key}
      />
      <div
        id={id}
        className="picker-list"
        role="listbox"
        aria-label={label}
        // The focus stays in the field: elsewhere, it would close the list before the click.
        onMouseDown={(event) => event.preventDefault()}
      >
        {options.map((option, index) => (
          // biome-ignore lint/a11y/useFocusableInteractive: the focus stays in the field, as the pattern says
          // biome-ignore lint/a11y/useKeyWithClickEvents: the field handles the keys
          <div
            key={option.value}
            id={`${id} ${index}`}
            role="option"
            aria-selected={index === active}
            className="picker-option one-line"
            dir="auto"
            onClick={() => choose(option)}
          >
            {option.name}
          </div>
        ))}
      </div>
      {hasMore && (
        <button type="button" className="button link" onClick={showMore}>
          {picker.more}
        </button>
      )}
      <p className="unseen" role="status">
        {picker.found(options.length)}
      </p>
      {error !== undefined && (
        <button type="button" className="button link" onClick={refresh}>
          {tryAgain}
        </button>
      )}
    </section>
  );
}

function optionOf({ id, name }: Person): PersonOption {
  return { value: id, name };
}

/** The people found by the words typed, as many pages as were asked for, renewed while this is shown. */
function useAssignable(typed: string) {
  const { desk } = useSignedIn();
  const report = useReport();
  const [words, setWords] = useState(typed);
  const [pages, setPages] = useState(1);
  useEffect(() => {
    const timer = setTimeout(() => {
      setWords(searchable(typed, LIMITS.search));
      setPages(1);
    }, PAUSE);
    return () => clearTimeout(timer);
  }, [typed]);
  const read = useCallback((signal: AbortSignal) => desk.assignable(words, pages, signal), [desk, words, pages]);
  const { value, error, refresh } = usePolled(read, RENEW_EVERY);
  useEffect(() => {
    if (error !== undefined) report(error);
  }, [error, report]);
  const { people = [], hasMore = false, pages: shown = 1 } = value ?? {};
  const showMore = useCallback(() => setPages(shown + 1), [shown]);
  return { people, hasMore, showMore, error, refresh };
}
