/** A ticket that is followed for as long as a component shows it. */
import { useEffect, useState } from 'react';
import type { TicketHandle } from '../../../../src/client/index.ts';
import { useRouter } from '../../routing/router.tsx';
import { useSignedIn } from '../../session/signed-in.tsx';

export type Followed = TicketHandle | 'gone' | undefined;

/** `idOrNumber`: as in the path. Numbers are for people: the path then gets the id. */
export function useTicket(idOrNumber: string): Followed {
  const { client } = useSignedIn();
  const { go } = useRouter();
  const [followed, setFollowed] = useState<Followed>();

  useEffect(() => {
    if (/^\d+$/.test(idOrNumber)) {
      let wanted = true;
      client.tickets.get(idOrNumber).then(
        ({ id }) => wanted && go(`/tickets/${id}`, 'replace'),
        () => wanted && setFollowed('gone'),
      );
      return () => {
        wanted = false;
      };
    }
    if (!/^[A-Za-z0-9-]{1,64}$/.test(idOrNumber)) {
      setFollowed('gone');
      return;
    }
    const handle = client.ticket(idOrNumber);
    setFollowed(handle);
    return () => handle.close();
  }, [client, idOrNumber, go]);

  return followed;
}
