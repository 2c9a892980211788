/** What the requests of the dialects work with. */
import type { Caller, Services } from '../application/services.ts';
import type { ProjectionWaiter } from '../projections/queries.ts';
import type { Call, Wire } from './dialects/dialect.ts';
import type { Memberships } from './tickets/memberships.ts';
import type { Typing } from './tickets/typing.ts';
import type { MessageWireFor } from './wire.ts';

export interface Toolbox {
  readonly services: Services;
  readonly waiter: ProjectionWaiter;
  readonly memberships: Memberships;
  readonly typing: Typing;
  readonly messageWireFor: MessageWireFor;
  readonly historySize: number;
  refreshToken(call: Call, token: string): Promise<void>;
}

/** The caller as the application functions want them. */
export function callerOf({ session, correlationId }: Call): Caller {
  return { user: session.user, correlationId, address: session.address };
}

export function send(call: Call, wire: Wire): void {
  call.session.socket.emit(wire.name, wire.payload);
}
