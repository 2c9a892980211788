/** Marks as read what somebody has before their eyes: the newest message, on a page that is shown. */
import { useEffect } from 'react';
import type { Ticket, TicketHandle, TicketState } from '../../../../src/client/index.ts';
import { useReport } from '../../components/toasts.tsx';
import { useIsShown } from '../../components/use-is-shown.ts';
import { useSignedIn } from '../../session/signed-in.tsx';

/** Milliseconds in which what comes is marked together. */
const GATHER = 400;

export function useReading(handle: TicketHandle, ticket: Ticket, state: TicketState, atEnd: boolean): void {
  const { me } = useSignedIn();
  const report = useReport();
  const isShown = useIsShown();
  const newest = state.messages.findLast(({ senderId }) => senderId !== me.id)?.version ?? 0;
  const lastRead = state.people.find(({ userId }) => userId === me.id)?.lastReadVersion;
  // Whoever only looks at a ticket is not on it: then the count says whether there is anything new.
  const isNew = lastRead === undefined ? ticket.unread > 0 : newest > lastRead;
  const isDue = atEnd && isShown && isNew && state.status === 'live';
  useEffect(() => {
    if (!isDue || newest === 0) return;
    const timer = setTimeout(() => handle.markRead(newest).catch(report), GATHER);
    return () => clearTimeout(timer);
  }, [handle, isDue, newest, report]);
}
