/** One ticket: its head, the conversation, and the details beside it. */
import { useEffect, useState } from 'react';
import type { TicketHandle } from '../../../../src/client/index.ts';
import { Empty, Loading } from '../../components/states.tsx';
import { useWatched } from '../../components/watch.ts';
import { useTexts } from '../../language/language.tsx';
import { useSignedIn } from '../../session/signed-in.tsx';
import { isLeaveKey } from '../../writing/keys.ts';
import { ChatLog } from './chat-log.tsx';
import { Composer } from './composer.tsx';
import { Details } from './details.tsx';
import { DropZone } from './drop-zone.tsx';
import { TicketHead } from './ticket-head.tsx';
import { useTicket } from './use-ticket.ts';

export function TicketPane({ ticketId }: { readonly ticketId: string }) {
  const followed = useTicket(ticketId);
  if (followed === undefined) return <Loading />;
  if (followed === 'gone') return <Gone />;
  return <FollowedTicket key={followed.id} handle={followed} />;
}

function Gone() {
  const texts = useTexts();
  return <Empty icon="search" title={texts.ticket.gone} hint={texts.ticket.goneHint} />;
}

function FollowedTicket({ handle }: { readonly handle: TicketHandle }) {
  const { desk } = useSignedIn();
  const state = useWatched(handle);
  const draft = desk.drafts.of(handle.id);
  const [showsDetails, setShowsDetails] = useState(false);
  const { ticket, status } = state;

  useEffect(() => {
    if (!showsDetails) return;
    const leave = (event: KeyboardEvent) => isLeaveKey(event) && setShowsDetails(false);
    document.addEventListener('keydown', leave);
    return () => document.removeEventListener('keydown', leave);
  }, [showsDetails]);

  // The followed ticket is newer than the list's copy, so the list takes it over.
  useEffect(() => {
    if (ticket !== undefined) desk.list.show(ticket);
  }, [desk, ticket]);

  if (ticket === undefined) return status === 'gone' ? <Gone /> : <Loading />;
  return (
    <div className="ticket" data-details={showsDetails ? 'shown' : 'hidden'}>
      <TicketHead
        ticket={ticket}
        state={state}
        onDetails={() => setShowsDetails(!showsDetails)}
        showsDetails={showsDetails}
      />
      <DropZone onFiles={draft.attach} isOpen={ticket.status !== 'closed'}>
        <ChatLog handle={handle} state={state} ticket={ticket} />
        <Composer handle={handle} state={state} ticket={ticket} draft={draft} />
      </DropZone>
      <Details handle={handle} ticket={ticket} people={state.people} onClose={() => setShowsDetails(false)} />
    </div>
  );
}
