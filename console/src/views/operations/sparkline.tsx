/** A figure over the last minutes: a line, the current value, and the range in words. */
import { useFormats, useWords } from '../../language/language.tsx';
import { HEIGHT, lineOf, WIDTH } from './line.ts';
import { OPERATIONS_WORDS } from './words.ts';

interface Props {
  readonly label: string;
  /** The current value. */
  readonly value: string;
  /** Oldest first; undefined where the value was not known. */
  readonly values: readonly (number | undefined)[];
  readonly tone: 'calm' | 'warn';
}

export function Sparkline({ label, value, values, tone }: Props) {
  const words = useWords(OPERATIONS_WORDS);
  const formats = useFormats();
  const known = values.filter((one) => one !== undefined);
  const rounded = (one: number) => formats.number(Math.round(one));
  return (
    <div className={`card figure ${tone}`}>
      <h2>{label}</h2>
      <p className="figure-value">{value}</p>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true" focusable="false">
        <path className="line" d={lineOf(values)} />
      </svg>
      {known.length > 1 && (
        <p className="muted small">
          {words.range(rounded(Math.min(...known)), rounded(Math.max(...known)), formats.duration(values.length))}
        </p>
      )}
    </div>
  );
}
