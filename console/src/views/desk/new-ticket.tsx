/** The form for a new ticket; staff can open one for another user. */
import { type FormEvent, useEffect, useId, useRef, useState } from 'react';
import type { Category, OpenTicket, Priority } from '../../../../src/client/index.ts';
import { LIMITS } from '../../../../src/contract/limits.ts';
import { CATEGORIES, PRIORITIES } from '../../choices.ts';
import { Icon } from '../../components/icons.tsx';
import { useReport } from '../../components/toasts.tsx';
import { useWatched } from '../../components/watch.ts';
import type { Person } from '../../desk/desk.ts';
import { useTexts } from '../../language/language.tsx';
import { Link, useRouter } from '../../routing/router.tsx';
import { useSignedIn } from '../../session/signed-in.tsx';
import { NEW } from '../../writing/drafts.ts';
import { excessStart, isBlank, searchable, sendable } from '../../writing/text.ts';
import { Excess } from '../chat/excess.tsx';

export function NewTicket() {
  const texts = useTexts();
  const { client, desk, isStaff } = useSignedIn();
  const { go } = useRouter();
  const report = useReport();
  const draft = desk.drafts.of(NEW);
  const { text: description } = useWatched(draft);
  const [category, setCategory] = useState<Category>('general');
  const [priority, setPriority] = useState<Priority>('medium');
  const [requester, setRequester] = useState<Requester>({ words: '' });
  const [busy, setBusy] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  const excess = excessStart(description, LIMITS.description);
  const isUnknown = requester.words.trim() !== '' && requester.person === undefined;

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    if (isUnknown || excess !== undefined) return;
    setBusy(true);
    const whose = requester.person && { requesterId: requester.person.id };
    const wanted: OpenTicket = { description: sendable(description), category, priority, ...whose };
    try {
      const ticket = await client.tickets.open(wanted);
      draft.discard();
      desk.list.show(ticket);
      go(`/tickets/${ticket.id}`, 'replace');
    } catch (error) {
      report(error);
      setBusy(false);
    }
  }

  return (
    <form className="new-ticket" onSubmit={(event) => void submit(event)}>
      <div className="pane-head">
        <Link to="/tickets" className="button plain square back" aria-label={texts.back}>
          <Icon name="back" />
        </Link>
        <h2>{texts.newTicket.title}</h2>
      </div>
      <div className="new-ticket-fields">
        {isStaff && <RequesterField value={requester} isUnknown={isUnknown} onChange={setRequester} />}
        <label className="field">
          <span className="label">{texts.newTicket.description}</span>
          <textarea
            className="input"
            dir="auto"
            rows={6}
            aria-invalid={excess !== undefined}
            ref={field}
            required
            value={description}
            onChange={({ target }) => draft.write(target.value)}
          />
          <span className="hint">{texts.newTicket.descriptionHint}</span>
        </label>
        <Excess text={description} most={LIMITS.description} start={excess} field={field} />
        <div className="side-by-side">
          <Choice
            label={texts.newTicket.category}
            value={category}
            of={CATEGORIES}
            names={texts.category}
            onChoose={setCategory}
          />
          <Choice
            label={texts.newTicket.priority}
            value={priority}
            of={PRIORITIES}
            names={texts.priority}
            onChoose={setPriority}
          />
        </div>
        <div role="status">{busy && <p className="muted small">{texts.newTicket.waiting}</p>}</div>
        <div className="actions">
          <button type="submit" className="button main" disabled={busy || isBlank(description) || excess !== undefined}>
            {texts.newTicket.submit}
          </button>
          <Link to="/tickets" className="button plain">
            {texts.cancel}
          </Link>
        </div>
      </div>
    </form>
  );
}

interface ChoiceProps<Value extends string> {
  readonly label: string;
  readonly value: Value;
  readonly of: readonly Value[];
  readonly names: Readonly<Record<Value, string>>;
  readonly onChoose: (value: Value) => void;
}

function Choice<Value extends string>({ label, value, of, names, onChoose }: ChoiceProps<Value>) {
  return (
    <label className="field">
      <span className="label">{label}</span>
      <select
        className="input"
        value={value}
        onChange={({ target }) => onChoose(of.find((one) => one === target.value) ?? value)}
      >
        {of.map((one) => (
          <option key={one} value={one}>
            {names[one]}
          </option>
        ))}
      </select>
    </label>
  );
}

interface Requester {
  readonly words: string;
  readonly person?: Person;
}

interface RequesterFieldProps {
  readonly value: Requester;
  readonly isUnknown: boolean;
  readonly onChange: (requester: Requester) => void;
}

/** Milliseconds after the last key before users are searched. */
const PAUSE = 200;

function RequesterField({ value, isUnknown, onChange }: RequesterFieldProps) {
  const texts = useTexts();
  const { desk } = useSignedIn();
  const report = useReport();
  const id = useId();
  const [people, setPeople] = useState<readonly Person[]>([]);
  const { words, person } = value;

  useEffect(() => {
    const wanted = searchable(words, LIMITS.search);
    if (wanted === '' || person !== undefined) return;
    const timer = setTimeout(() => desk.people(wanted).then(setPeople, report), PAUSE);
    return () => clearTimeout(timer);
  }, [desk, words, person, report]);

  function write(written: string): void {
    const found = people.find((one) => nameOf(one) === written);
    onChange(found === undefined ? { words: written } : { words: written, person: found });
  }

  return (
    <label className="field">
      <span className="label">{texts.newTicket.requester}</span>
      <input
        className="input"
        dir="auto"
        list={id}
        autoComplete="off"
        aria-invalid={isUnknown}
        value={words}
        onChange={({ target }) => write(target.value)}
      />
      <datalist id={id}>
        {people.map((one) => (
          <option key={one.id} value={nameOf(one)} />
        ))}
      </datalist>
      <span className="hint">{isUnknown ? texts.newTicket.unknownRequester : texts.newTicket.requesterHint}</span>
    </label>
  );
}

function nameOf({ name, email, id }: Person): string {
  return `${name} (${email ?? id})`;
}
