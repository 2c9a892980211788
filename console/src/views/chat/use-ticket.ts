/** Follows a ticket as long as a component shows it. */
import { useEffect, useState } from 'react';
import type { TicketHandle } from '../../../../src/client/index.ts';
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
