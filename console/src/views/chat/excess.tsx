/** Says how much longer a text is than the server takes, and selects the part that is too much. */
import type { RefObject } from 'react';
import { useTexts } from '../../language/language.tsx';
import { lengthOf, sendable } from '../../writing/text.ts';

interface Props {
  readonly text: string;
  /** Characters, as the server counts them. */
  readonly most: number;
  /** Where the excess starts in the text; undefined when it fits. */
  readonly start: number | undefined;
  readonly field: RefObject<HTMLTextAreaElement | null>;
}

export function Excess({ text, most, start, field }: Props) {
  const { chat } = useTexts();
  function select(): void {
    field.current?.focus();
    field.current?.setSelectionRange(start ?? 0, text.length);
  }
  return (
    <div role="alert">
      {start !== undefined && (
        <p className="problem composer-hint">
          {chat.tooLong(lengthOf(sendable(text)) - most)}{' '}
          <button type="button" className="button link" onClick={select}>
            {chat.showExcess}
          </button>
        </p>
      )}
    </div>
  );
}
