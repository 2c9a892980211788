/**
 * The rows of the list. Only the visible ones are in the page, so thousands of tickets scroll like ten. Tab reaches one
 * row; the arrow keys, Home and End move from there.
 */
import { defaultRangeExtractor, type Range, useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, memo, useCallback, useEffect, useRef, useState } from 'react';
import type { Ticket } from '../../../../src/client/index.ts';
import { PriorityMark, StatusPill } from '../../components/pills.tsx';
import { useNow } from '../../components/use-now.ts';
import { useFormats, useTexts } from '../../language/language.tsx';
import { Link } from '../../routing/router.tsx';

interface Props {
  readonly tickets: readonly Ticket[];
  readonly selected: string | undefined;
  readonly hasMore: boolean;
  readonly onEnd: () => void;
}

const ROW_HEIGHT = 100;
/** When fewer rows than this are left below the visible ones, the next page is loaded. */
const AHEAD = 30;

export function TicketRows({ tickets, selected, hasMore, onEnd }: Props) {
  const texts = useTexts();
  const scroller = useRef<HTMLDivElement>(null);
  const [focused, setFocused] = useState<string>();
  const active = Math.max(
    tickets.findIndex(({ id }) => id === (focused ?? selected)),
    0,
  );
  const rows = useVirtualizer<HTMLDivElement, HTMLLIElement>({
    count: tickets.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    getItemKey: useCallback((index: number) => tickets[index]?.id ?? index, [tickets]),
    overscan: 6,
    rangeExtractor: useCallback((range: Range) => withActive(defaultRangeExtractor(range), active), [active]),
  });
  const items = rows.getVirtualItems();
  const last = items.findLast(({ index }) => index !== active)?.index ?? 0;
  useEffect(() => {
    if (hasMore && last >= tickets.length - AHEAD) onEnd();
  }, [hasMore, last, tickets.length, onEnd]);

  function move(event: KeyboardEvent): void {
    const to = { ArrowDown: active + 1, ArrowUp: active - 1, Home: 0, End: tickets.length - 1 }[event.key];
    const ticket = to === undefined ? undefined : tickets[to];
    if (to === undefined || ticket === undefined) return;
    event.preventDefault();
    setFocused(ticket.id);
    rows.scrollToIndex(to);
    requestAnimationFrame(() => {
      scroller.current?.querySelector<HTMLElement>(`[data-index="${to}"] a`)?.focus({ preventScroll: true });
    });
  }

  return (
    <div className="rows" ref={scroller}>
      <ul
        className="rows-all"
        aria-label={texts.tickets.title}
        style={{ blockSize: rows.getTotalSize() }}
        onKeyDown={move}
      >
        {items.map(({ index, key, start }) => {
          const ticket = tickets[index];
          if (ticket === undefined) return null;
          return (
            <li
              key={key}
              data-index={index}
              className="row-place"
              style={{ transform: `translateY(${start}px)` }}
              aria-setsize={hasMore ? -1 : tickets.length}
              aria-posinset={index + 1}
            >
              <TicketRow
                ticket={ticket}
                isSelected={ticket.id === selected}
                isTabStop={index === active}
                onFocus={setFocused}
              />
            </li>
          );
        })}
      </ul>
    </div>
  );
}

function withActive(indexes: number[], active: number): number[] {
  return indexes.includes(active) ? indexes : [...indexes, active].sort((a, b) => a - b);
}

interface RowProps {
  readonly ticket: Ticket;
  readonly isSelected: boolean;
  readonly isTabStop: boolean;
  readonly onFocus: (id: string) => void;
}

const TicketRow = memo(function TicketRow({ ticket, isSelected, isTabStop, onFocus }: RowProps) {
  const texts = useTexts();
  const formats = useFormats();
  const { id, number, requesterName, description, status, priority, category, unread, updatedAt } = ticket;
  return (
    <Link
      to={`/tickets/${id}`}
      className={unread > 0 ? 'ticket-row has-unread' : 'ticket-row'}
      aria-current={isSelected ? 'true' : undefined}
      tabIndex={isTabStop ? 0 : -1}
      onFocus={() => onFocus(id)}
    >
      <span className="ticket-row-top">
        <span className="ticket-row-who one-line" dir="auto">
          {requesterName}
        </span>
        <span className="ticket-row-number">{texts.tickets.number(number)}</span>
        <span className="spread" />
        <time className="ticket-row-time" dateTime={updatedAt}>
          {formats.brief(updatedAt, useNow())}
        </time>
      </span>
      <span className="ticket-row-text aligned" dir="auto">
        {description}
      </span>
      <span className="ticket-row-bottom">
        <StatusPill status={status} />
        <PriorityMark priority={priority} />
        {category !== 'general' && <span className="muted one-line">{texts.category[category]}</span>}
        <span className="spread" />
        {unread > 0 && (
          <span className="badge">
            <span aria-hidden="true">{formats.number(unread)}</span>
            <span className="unseen">{texts.tickets.unread(unread)}</span>
          </span>
        )}
      </span>
    </Link>
  );
});
