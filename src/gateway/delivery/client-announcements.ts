/**
 * Who comes to and goes from a namespace, told to the staff there, and what staff say to everyone there. Told by signal to
 * every process, each of which passes it on to its own sockets; nothing of it is stored.
 */
import Type from 'typebox';
import type { Broker, Topic } from '../../broker/port.ts';
import { validator } from '../../contract/validation.ts';
import { isStaff } from '../../domain/user/identity.ts';
import { EVERYONE, type Session, STAFF } from '../connection/client.ts';
import type { ClientAct, Dialect, Wire } from '../dialects/dialect.ts';
import type { Rooms } from './rooms.ts';

const signalSchema = validator(
  Type.Object({
    what: Type.Union([Type.Literal('joined'), Type.Literal('left'), Type.Literal('broadcast')]),
    act: Type.Object({ clientId: Type.String(), userId: Type.String(), timestamp: Type.String() }),
    message: Type.Optional(Type.Unknown()),
  }),
);
type Signal = ReturnType<typeof signalSchema>;

export interface Clients {
  opened(session: Session): void;
  closed(session: Session): void;
  /** Whoever became staff is told from now on, whoever was, no longer. */
  userChanged(session: Session): void;
  /** To all others in the session's namespace. */
  broadcast(session: Session, message: unknown): void;
  close(): void;
}

interface Parts {
  readonly dialects: readonly Dialect[];
  readonly signals: Broker['signals'];
  readonly rooms: Rooms;
  readonly now: () => number;
  onError(error: unknown): void;
}

export function createClients({ dialects, signals, rooms, now, onError }: Parts): Clients {
  const telling = dialects.filter(({ clients }) => clients !== undefined);
  const namespaces = new Set(telling.map(({ namespace }) => namespace));

  const subscriptions = [...namespaces].map((namespace) => {
    const subscription = signals.subscribe(topicOf(namespace), (payload) => {
      try {
        pass(namespace, signalSchema(payload));
      } catch (error) {
        onError(error);
      }
    });
    subscription.ready.catch(onError);
    return subscription;
  });

  function pass(namespace: string, signal: Signal): void {
    const room = signal.what === 'broadcast' ? EVERYONE : STAFF;
    for (const dialect of telling) {
      if (dialect.namespace !== namespace) continue;
      const wire = wireOf(dialect, signal);
      // Every socket is alone in the room of its own id: whoever it is about knows.
      if (wire !== undefined) rooms.send(namespace, room, wire, signal.act.clientId);
    }
  }

  function publish(session: Session, what: Signal['what'], message?: unknown): void {
    if (!namespaces.has(session.namespace)) return;
    const act: ClientAct = {
      clientId: session.socket.id,
      userId: session.user.id,
      timestamp: new Date(now()).toISOString(),
    };
    signals.publish(topicOf(session.namespace), { what, act, ...(message !== undefined && { message }) });
  }

  function sort({ socket, user }: Session): void {
    if (isStaff(user.role)) void socket.join(STAFF);
    else void socket.leave(STAFF);
  }

  return {
    opened(session) {
      void session.socket.join(EVERYONE);
      sort(session);
      publish(session, 'joined');
    },
    closed: (session) => publish(session, 'left'),
    userChanged: sort,
    broadcast: (session, message) => publish(session, 'broadcast', message),
    close() {
      for (const subscription of subscriptions) subscription.close();
    },
  };
}

function wireOf({ clients }: Dialect, { what, act, message }: Signal): Wire | undefined {
  return what === 'broadcast' ? clients?.broadcast(act, message) : clients?.[what](act);
}

function topicOf(namespace: string): Topic {
  return ['clients', namespace];
}
