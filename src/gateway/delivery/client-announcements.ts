/**
 * Announces to the staff of a namespace which clients connect and disconnect, and sends broadcasts to every client
 * there. Signals carry both to every process, and each process sends to its own sockets. Neither is stored.
 */
import Type from 'typebox';
import type { Broker, Topic } from '../../broker/port.ts';
import { validator } from '../../contract/validation.ts';
import { isStaff } from '../../domain/user/identity.ts';
import { type Client, EVERYONE, STAFF } from '../connection/client.ts';
import type { ClientAct, Dialect, Wire } from '../dialects/dialect.ts';
import type { SocketRooms } from './socket-rooms.ts';

const signalSchema = validator(
  Type.Object({
    what: Type.Union([Type.Literal('joined'), Type.Literal('left'), Type.Literal('broadcast')]),
    act: Type.Object({ clientId: Type.String(), userId: Type.String(), timestamp: Type.String() }),
    message: Type.Optional(Type.Unknown()),
  }),
);
type Signal = ReturnType<typeof signalSchema>;

export interface ClientAnnouncements {
  opened(client: Client): void;
  closed(client: Client): void;
  /** Starts or ends the announcements to a client whose user became staff, or is staff no longer. */
  userChanged(client: Client): void;
  /** Sends to all others in the client's namespace. */
  broadcast(client: Client, message: unknown): void;
  close(): void;
}

interface ClientAnnouncementsDeps {
  readonly dialects: readonly Dialect[];
  readonly signals: Broker['signals'];
  readonly rooms: SocketRooms;
  readonly now: () => number;
  onError(error: unknown): void;
}

export function createClientAnnouncements({
  dialects,
  signals,
  rooms,
  now,
  onError,
}: ClientAnnouncementsDeps): ClientAnnouncements {
  const announcing = dialects.filter(({ clients }) => clients !== undefined);
  const namespaces = new Set(announcing.map(({ namespace }) => namespace));

  const subscriptions = [...namespaces].map((namespace) => {
    const subscription = signals.subscribe(topicOf(namespace), (payload) => {
      try {
        deliver(namespace, signalSchema(payload));
      } catch (error) {
        onError(error);
      }
    });
    subscription.ready.catch(onError);
    return subscription;
  });

  function deliver(namespace: string, signal: Signal): void {
    const room = signal.what === 'broadcast' ? EVERYONE : STAFF;
    for (const dialect of announcing) {
      if (dialect.namespace !== namespace) continue;
      const wire = wireOf(dialect, signal);
      // The client that acted does not get the event: each socket is alone in the room of its own id.
      if (wire !== undefined) rooms.send(namespace, room, wire, signal.act.clientId);
    }
  }

  function publish(client: Client, what: Signal['what'], message?: unknown): void {
    if (!namespaces.has(client.namespace)) return;
    const act: ClientAct = {
      clientId: client.id,
      userId: client.user.id,
      timestamp: new Date(now()).toISOString(),
    };
    signals.publish(topicOf(client.namespace), { what, act, ...(message !== undefined && { message }) });
  }

  function updateStaffRoom({ socket, user }: Client): void {
    if (isStaff(user.role)) void socket.join(STAFF);
    else void socket.leave(STAFF);
  }

  return {
    opened(client) {
      void client.socket.join(EVERYONE);
      updateStaffRoom(client);
      publish(client, 'joined');
    },
    closed: (client) => publish(client, 'left'),
    userChanged: updateStaffRoom,
    broadcast: (client, message) => publish(client, 'broadcast', message),
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
