/**
 * The conversation. Only the visible rows are in the page. A reader at the newest message stays there; elsewhere the
 * position is kept while older messages load above. Messages of others are announced to screen readers.
 */
import { useVirtualizer } from '@tanstack/react-virtual';
import { type RefObject, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { Ticket, TicketHandle, TicketState } from '../../../../src/client/index.ts';
import { Icon } from '../../components/icons.tsx';
import { useReport } from '../../components/toasts.tsx';
import { useTexts } from '../../language/language.tsx';
import { useSignedIn } from '../../session/signed-in.tsx';
import { ChatRow } from './message-row.tsx';
import { Opening } from './opening.tsx';
import { type Row, rowsOf } from './rows.ts';
import { useReading } from './use-reading.ts';

interface Props {
  readonly handle: TicketHandle;
  readonly state: TicketState;
  readonly ticket: Ticket;
}

/** Heights in pixels before a row is measured. */
const ESTIMATES: Readonly<Record<Row['kind'], number>> = {
  opening: 120,
  day: 48,
  system: 32,
  message: 72,
  outgoing: 72,
};
/** When fewer rows than this are above the visible ones, older messages are loaded; and how many of them. */
const AHEAD = 80;
const PAGE = 200;
/** Pixels from the end within which the reader counts as reading the newest message. */
const NEAR = 80;

export function ChatLog({ handle, state, ticket }: Props) {
  const texts = useTexts();
  const { me } = useSignedIn();
  const { messages, outgoing, people, hasOlder } = state;
  const rows = useMemo(
    () => rowsOf({ messages, outgoing, people, hasOlder }, me.id, dayEnd),
    [messages, outgoing, people, hasOlder, me.id],
  );
  const readUpTo = Math.max(0, ...people.map((one) => (one.userId === me.id ? 0 : one.lastReadVersion)));
  const scroller = useRef<HTMLDivElement>(null);
  const [atEnd, setAtEnd] = useState(true);
  const virtual = useVirtualizer<HTMLDivElement, HTMLDivElement>({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => ESTIMATES[rows[index]?.kind ?? 'message'],
    getItemKey: useCallback((index: number) => rows[index]?.key ?? index, [rows]),
    overscan: 8,
    paddingStart: 16,
    paddingEnd: 8,
    anchorTo: 'end',
    followOnAppend: true,
    scrollEndThreshold: NEAR,
    onChange: (instance) => setAtEnd(instance.isAtEnd(NEAR)),
  });
  const items = virtual.getVirtualItems();
  const first = items[0]?.index ?? 0;

  useOlderMessages(handle, hasOlder && items.length > 0 && first < AHEAD, messages.length);
  useReading(handle, ticket, state, atEnd);

  useStayAtEnd(scroller, virtual.scrollToEnd);

  // Scrolls to the user's own new message.
  const sending = outgoing.length;
  const before = useRef(sending);
  useEffect(() => {
    if (sending > before.current) virtual.scrollToEnd();
    before.current = sending;
  }, [sending, virtual]);

  // Scrolls to the end once, as soon as there are rows.
  const isThere = rows.length > 0;
  useEffect(() => {
    if (isThere) virtual.scrollToEnd();
  }, [isThere, virtual]);

  return (
    <div className="log-around">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is scrolled with the keyboard, too */}
      <div className="log" ref={scroller} tabIndex={0} role="log" aria-live="off" aria-label={texts.chat.label}>
        <div className="log-all" style={{ blockSize: virtual.getTotalSize() }}>
          {items.map(({ index, key, start }) => {
            const row = rows[index];
            if (row === undefined) return null;
            return (
              <div
                key={key}
                ref={virtual.measureElement}
                data-index={index}
                className="row-place"
                style={{ transform: `translateY(${start}px)` }}
              >
                {row.kind === 'opening' ? <Opening ticket={ticket} /> : <ChatRow row={row} readUpTo={readUpTo} />}
              </div>
            );
          })}
        </div>
      </div>
      {!atEnd && isThere && (
        <button type="button" className="button to-newest" onClick={() => virtual.scrollToEnd()}>
          <Icon name="down" />
          {ticket.unread > 0 ? texts.chat.newOnes(ticket.unread) : texts.chat.toNewest}
        </button>
      )}
      <Announcements handle={handle} />
    </div>
  );
}

/** Keeps the newest message in sight when the log shrinks, as when a keyboard opens. */
function useStayAtEnd(scroller: RefObject<HTMLDivElement | null>, scrollToEnd: () => void): void {
  const toEnd = useRef(scrollToEnd);
  toEnd.current = scrollToEnd;
  useEffect(() => {
    const log = scroller.current;
    if (log === null) return;
    let wasAtEnd = true;
    const update = () => {
      wasAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < NEAR;
    };
    const observer = new ResizeObserver(() => {
      if (wasAtEnd) toEnd.current();
    });
    observer.observe(log);
    log.addEventListener('scroll', update, { passive: true });
    return () => {
      observer.disconnect();
      log.removeEventListener('scroll', update);
    };
  }, [scroller]);
}

function dayEnd(at: number): number {
  const day = new Date(at);
  return new Date(day.getFullYear(), day.getMonth(), day.getDate() + 1).getTime();
}

function useOlderMessages(handle: TicketHandle, wanted: boolean, loaded: number): void {
  const report = useReport();
  const requested = useRef(-1);
  useEffect(() => {
    if (!wanted || requested.current === loaded) return;
    requested.current = loaded;
    handle.loadOlder(PAGE).catch((error: unknown) => {
      requested.current = -1;
      report(error);
    });
  }, [handle, wanted, loaded, report]);
}

function Announcements({ handle }: { readonly handle: TicketHandle }) {
  const texts = useTexts();
  const { me } = useSignedIn();
  const [announcement, setAnnouncement] = useState('');
  useEffect(
    () =>
      handle.on('message', ({ senderId, sender, message, internal }) => {
        if (senderId === me.id) return;
        setAnnouncement((internal ? `${texts.chat.note}. ` : '') + texts.chat.says(sender.name, message));
      }),
    [handle, me.id, texts],
  );
  return (
    <p className="unseen" aria-live="polite">
      {announcement}
    </p>
  );
}
