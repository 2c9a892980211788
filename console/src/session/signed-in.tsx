/** Provides the signed-in user's client to the components below. */
import { createContext, type ReactNode, useContext, useEffect, useState } from 'react';
import { type Client, createClient, type Me, webStorage } from '../../../src/client/index.ts';
import { isStaff } from '../../../src/domain/user/identity.ts';
import { createDesk, type Desk } from '../desk/desk.ts';
import type { Session } from './session.ts';

export interface SignedInUser {
  readonly client: Client;
  readonly me: Me;
  readonly isStaff: boolean;
  readonly desk: Desk;
}

const SignedInContext = createContext<SignedInUser | undefined>(undefined);

export function useSignedIn(): SignedInUser {
  const user = useContext(SignedInContext);
  if (user === undefined) throw new Error('Nobody is signed in around this');
  return user;
}

interface Props {
  readonly session: Session;
  readonly children: ReactNode;
}

export function SignedIn({ session, children }: Props) {
  const [user, setUser] = useState<SignedInUser>();
  useEffect(() => {
    const client = createClient({
      url: location.origin,
      token: session.token,
      userId: session.me.id,
      storage: webStorage(localStorage),
    });
    client.inbox.follow();
    const desk = createDesk(client, session.me, localStorage);
    setUser({ client, desk, me: session.me, isStaff: isStaff(session.me.role) });
    return () => {
      desk.close();
      client.close();
    };
  }, [session]);
  if (user === undefined) return null;
  return <SignedInContext value={user}>{children}</SignedInContext>;
}
