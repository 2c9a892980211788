/** What the requests of the dialects work with. */
import type { Application, Caller } from '../application/application.ts';
import type { ProjectionWaiter } from '../projections/queries/queries.ts';
import { validTraceparent } from '../telemetry/tracing.ts';
import type { Session } from './connection/client.ts';
import type { Replays } from './connection/replays.ts';
import type { Clients } from './delivery/client-announcements.ts';
import type { Memberships } from './delivery/memberships.ts';
import type { TicketChanges } from './delivery/ticket-changes.ts';
import type { Typing } from './delivery/typing.ts';
import type { Wire } from './dialects/dialect.ts';
import type { Call } from './dialects/request.ts';
import type { InboxFeed } from './inbox/live-inbox.ts';
import type { MessageWireFor } from './wire.ts';

export interface Toolbox {
  readonly application: Application;
  readonly waiter: ProjectionWaiter;
  readonly memberships: Memberships;
  readonly replays: Replays;
  readonly typing: Typing;
  readonly ticketChanges: Pick<TicketChanges, 'follow'>;
  readonly clients: Pick<Clients, 'broadcast'>;
  readonly messageWireFor: MessageWireFor;
  readonly historySize: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Of the log. */
  epoch(): string;
  inboxOf(session: Session): InboxFeed;
  refreshToken(call: Call, token: string): Promise<void>;
}

/** The caller as the application functions want them. */
export function callerOf({ session, correlationId }: Call): Caller {
  const traceparent = traceparentOf(session);
  return {
    user: session.user,
    correlationId,
    address: session.address,
    ...(traceparent !== undefined && { traceparent }),
  };
}

/** Of the whole connection: browsers can set no headers, so it may also be in the handshake's `auth`. */
function traceparentOf({ socket: { handshake } }: Session): string | undefined {
  return validTraceparent(handshake.auth.traceparent) ?? validTraceparent(handshake.headers.traceparent);
}

export function send({ session }: Call, ...wires: readonly Wire[]): void {
  for (const wire of wires) session.socket.emit(wire.name, wire.payload);
}
