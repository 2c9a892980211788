/** The desk: the list of tickets, and beside it the one that the path names. */
import { useEffect } from 'react';
import { Empty } from '../../components/states.tsx';
import { useTexts } from '../../language/language.tsx';
import type { Params } from '../../routing/routes.ts';
import { useSignedIn } from '../../session/signed-in.tsx';
import { TicketPane } from '../chat/ticket-pane.tsx';
import { ListPane } from './list-pane.tsx';
import { NewTicket } from './new-ticket.tsx';

export function DeskPage({ params, path }: { readonly params: Params; readonly path: string }) {
  const { desk } = useSignedIn();
  const { ticketId } = params;
  const isNew = path === '/tickets/new';
  useEffect(() => desk.list.open(ticketId), [desk, ticketId]);
  return (
    <div className="desk" data-pane={isNew || ticketId !== undefined ? 'ticket' : 'list'}>
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
