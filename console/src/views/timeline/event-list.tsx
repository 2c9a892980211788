/** The list of all events. Only the visible ones are in the page; the chosen one is scrolled into sight. */
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef } from 'react';
import { useFormats, useWords } from '../../language/language.tsx';
import type { Step } from './fold.ts';
import { TIMELINE_WORDS } from './words.ts';

interface Props {
  readonly steps: readonly Step[];
  readonly index: number;
  readonly onChoose: (index: number) => void;
}

const ROW_HEIGHT = 60;

export function EventList({ steps, index, onChoose }: Props) {
  const words = useWords(TIMELINE_WORDS);
  const formats = useFormats();
  const scroller = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer<HTMLDivElement, HTMLLIElement>({
    count: steps.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 6,
  });
  useEffect(() => rows.scrollToIndex(index, { align: 'auto' }), [rows, index]);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is scrolled with the keyboard, too
    <section className="timeline-events" ref={scroller} aria-label={words.events} tabIndex={0}>
      <ol style={{ blockSize: rows.getTotalSize() }}>
        {rows.getVirtualItems().map((row) => {
          const step = steps[row.index];
          if (step === undefined) return null;
          const { entry } = step;
          return (
            <li
              key={entry.version}
              aria-setsize={steps.length}
              aria-posinset={row.index + 1}
              style={{ transform: `translateY(${row.start}px)` }}
            >
              <button
                type="button"
                className="timeline-event"
                aria-current={row.index === index ? 'step' : undefined}
                onClick={() => onChoose(row.index)}
              >
                <span className="timeline-version">{formats.number(entry.version)}</span>
                <span className="timeline-summary">
                  <span className="one-line" dir="auto">
                    {entry.summary}
                  </span>
                  <span className="muted one-line">
                    {words.types[entry.type] ?? entry.type} ·{' '}
                    <time dateTime={entry.time}>{formats.exact(entry.time)}</time>
                  </span>
                </span>
              </button>
            </li>
          );
        })}
      </ol>
    </section>
  );
}
