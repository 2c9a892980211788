/** The desk: the list of tickets, and beside it the ticket that the path names. */
import { useEffect } from 'react';
import { Empty } from '../../components/states.tsx';
import { useIsShown } from '../../components/use-is-shown.ts';
import { useTexts } from '../../language/language.tsx';
import type { Params } from '../../routing/routes.ts';
import { useSignedIn } from '../../session/signed-in.tsx';
import { TicketPane } from '../chat/ticket-pane.tsx';
import { ListPane } from './list-pane.tsx';
import { NewTicket } from './new-ticket.tsx';

export function DeskPage({ params, path }: { readonly params: Params; readonly path: string }) {
  const texts = useTexts();
  const { desk } = useSignedIn();
  const { ticketId } = params;
  const isNew = path === '/tickets/new';
  const isShown = useIsShown();
  useEffect(() => desk.list.open(ticketId), [desk, ticketId]);
  // Not every user is notified of every change, so the list is refreshed when the page is shown again.
  useEffect(() => {
    if (isShown) desk.list.refresh();
  }, [desk, isShown]);
  return (
    <div className="desk" data-pane={isNew || ticketId !== undefined ? 'ticket' : 'list'}>
      <h1 className="unseen">{texts.navigation.tickets}</h1>
      <ListPane selected={ticketId} />
      <div className="desk-main">{isNew ? <NewTicket /> : <Chosen ticketId={ticketId} />}</div>
    </div>
  );
}

function Chosen({ ticketId }: { readonly ticketId: string | undefined }) {
  const texts = useTexts();
  if (ticketId === undefined) {
    return <Empty icon="chat" title={texts.tickets.choose} hint={texts.tickets.chooseHint} />;
  }
  return <TicketPane key={ticketId} ticketId={ticketId} />;
}
