/** Moves from event to event: buttons, and a slider for long histories. */
import { Icon } from '../../components/icons.tsx';
import { useFormats, useWords } from '../../language/language.tsx';
import { TIMELINE_WORDS } from './words.ts';

interface Props {
  readonly index: number;
  readonly last: number;
  readonly onChoose: (index: number) => void;
}

export function Stepper({ index, last, onChoose }: Props) {
  const words = useWords(TIMELINE_WORDS);
  const { number } = useFormats();
  const where = words.position(number(index + 1), number(last + 1));
  return (
    <div className="stepper">
      <button type="button" className="button" disabled={index === 0} onClick={() => onChoose(index - 1)}>
        <Icon name="back" />
        {words.previous}
      </button>
      <input
        type="range"
        aria-label={words.slider}
        aria-valuetext={where}
        min={1}
        max={last + 1}
        value={index + 1}
        disabled={last === 0}
        onChange={({ target }) => onChoose(Number(target.value) - 1)}
      />
      <button type="button" className="button" disabled={index === last} onClick={() => onChoose(index + 1)}>
        {words.next}
        <Icon name="forth" />
      </button>
      <p className="stepper-where muted small" role="status">
        {where}
      </p>
    </div>
  );
}
