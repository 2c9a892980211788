/** Marks messages as read while the newest one is in sight on a visible page. */
import { useEffect } from 'react';
import type { Ticket, TicketHandle, TicketState } from '../../../../src/client/index.ts';
import { useReport } from '../../components/toasts.tsx';
import { useIsShown } from '../../components/use-is-shown.ts';
import { useSignedIn } from '../../session/signed-in.tsx';

/** Milliseconds: messages that arrive within this time are marked together. */
const GATHER_FOR = 400;

export function useReading(handle: TicketHandle, ticket: Ticket, state: TicketState, atEnd: boolean): void {
  const { me } = useSignedIn();
  const report = useReport();
  const isShown = useIsShown();
  const newest = state.messages.findLast(({ senderId }) => senderId !== me.id)?.version ?? 0;
  const lastRead = state.people.find(({ userId }) => userId === me.id)?.lastReadVersion;
  // A user who is not on the ticket has no read version; then the unread count decides.
  const isNew = lastRead === undefined ? ticket.unread > 0 : newest > lastRead;
  const isDue = atEnd && isShown && isNew && state.status === 'live';
  useEffect(() => {
    if (!isDue || newest === 0) return;
    const timer = setTimeout(() => handle.read(newest).catch(report), GATHER_FOR);
    return () => clearTimeout(timer);
  }, [handle, isDue, newest, report]);
}
