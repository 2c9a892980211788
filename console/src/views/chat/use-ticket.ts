/** Follows a ticket as long as a component shows it. */
import { useEffect, useState } from 'react';
import type { Client, TicketHandle } from '../../../../src/client/index.ts';
import { useRouter } from '../../routing/router.tsx';
import { useSignedIn } from '../../session/signed-in.tsx';

export type Followed = TicketHandle | 'gone' | undefined;

/** `idOrNumber`: from the path. A number is replaced by the id in the path. */
export function useTicket(idOrNumber: string): Followed {
  const { client } = useSignedIn();
  const { go } = useRouter();
  const [followed, setFollowed] = useState<Followed>();

  useEffect(() => {
    if (/^\d+$/.test(idOrNumber)) {
      let wanted = true;
      const find = () =>
        client.tickets.get(idOrNumber).then(
          ({ id }) => wanted && go(`/tickets/${id}`, 'replace'),
          () => wanted && setFollowed('gone'),
        );
      void find();
      // Access may be given later. A number does not tell whether a changed ticket is this one.
      const unsubscribe = onChanged(client, () => void find());
      return () => {
        wanted = false;
        unsubscribe();
      };
    }
    if (!/^[A-Za-z0-9-]{1,64}$/.test(idOrNumber)) {
      setFollowed('gone');
      return;
    }
    const handle = client.ticket(idOrNumber);
    setFollowed(handle);
    const unsubscribe = onChanged(client, (ids) => {
      if (handle.state.status === 'gone' && (ids === 'all' || ids.includes(handle.id))) handle.reload();
    });
    return () => {
      unsubscribe();
      handle.close();
    };
  }, [client, idOrNumber, go]);

  return followed;
}

/** Calls back with the ids of tickets that changed for this user, access included. */
function onChanged(client: Client, listener: (ids: readonly string[] | 'all') => void): () => void {
  const unsubscribes = [
    client.tickets.on('changed', ({ ticketIds, all }) => listener(all ? 'all' : ticketIds)),
    client.inbox.on('notification', ({ data }) => {
      if (typeof data.ticketId === 'string') listener([data.ticketId]);
    }),
  ];
  return () => {
    for (const one of unsubscribes) one();
  };
}
