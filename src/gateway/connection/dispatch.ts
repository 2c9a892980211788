/**
 * Answers each packet of a client exactly once, even a hostile one. Packets are handled before they become events of
 * the socket's emitter: an event called `error` without a listener would end the process.
 *
 * Requests of one lane (one ticket, room or stream) are answered in the order in which they came. Lanes do not wait for
 * each other.
 */
import type { Logger } from 'pino';
import { DeskwireError } from '../../domain/errors.ts';
import { createLanes } from '../../support/lanes.ts';
import type { DialectContext } from '../dialects/context.ts';
import type { Call, Request } from '../dialects/request.ts';
import type { GatewayOptions } from '../options.ts';
import type { Client } from './client.ts';
import { unreadError, wireError } from './errors.ts';
import { UnreadPayload } from './packet-parser.ts';
import { sizeWithin } from './payload-size.ts';
import type { RateLimit } from './rate-limit.ts';

type Ack = (answer: object) => void;

interface Packet {
  /** Undefined when the client sent something other than a string. */
  readonly name: string | undefined;
  readonly args: readonly unknown[];
  readonly ack: Ack | undefined;
  /** Whether an answer was sent. */
  readonly answered: boolean;
  /** Answers with success. Later calls do nothing. */
  reply(fields: object): void;
}

export interface Dispatch {
  /** Handles every packet of this client's socket from now on. */
  attach(client: Client): void;
}

interface DispatchDeps {
  /** The requests of a namespace, by name. */
  requestsOf(namespace: string): ReadonlyMap<string, Request>;
  contextFor(client: Client): DialectContext;
  readonly limits: { readonly socket: RateLimit; readonly user: RateLimit; readonly refusals: RateLimit } | undefined;
  readonly options: Pick<GatewayOptions, 'maxEventSize' | 'inProgressPerSocket'>;
  readonly newId: () => string;
  readonly log: Logger;
  /** Sends the error, then closes the client's connection. */
  endConnection(client: Client, error: DeskwireError): void;
}

export function createDispatch(deps: DispatchDeps): Dispatch {
  const { limits, options, log } = deps;

  function attach(client: Client): void {
    const requests = deps.requestsOf(client.namespace);
    const lanes = createLanes<string>();
    let inProgress = 0;

    function prepare({ name, args }: Packet) {
      throttle(client);
      if (inProgress >= options.inProgressPerSocket) {
        throw new DeskwireError('rate_limited', 'Too many requests in progress', { retryAfter: 1 });
      }
      if (name === undefined) throw invalid('The event name must be a string', 'event');
      if (args[0] instanceof UnreadPayload) throw unreadError(name, 'payload', args[0]);
      if (!sizeWithin(args, options.maxEventSize)) {
        throw new DeskwireError('payload_too_large', `${name} carries too much`, { field: 'payload' });
      }
      const request = requests.get(name);
      if (request === undefined) throw invalid('There is no such event', 'event');
      if (args.length > 1) throw invalid('An event takes one payload, and then an ack function', 'ack');
      return request.prepare(args[0]);
    }

    async function answer(packet: Packet): Promise<void> {
      try {
        const { lane, answer } = prepare(packet);
        inProgress += 1;
        await lanes
          .run(lane, async () => packet.reply((await answer(callFor(packet))) ?? {}))
          .finally(() => {
            inProgress -= 1;
          });
      } catch (error) {
        refuse(client, packet, error);
      }
    }

    function callFor({ ack, reply }: Packet): Call {
      const context = deps.contextFor(client);
      return { client, context, correlationId: deps.newId(), acked: ack !== undefined, reply };
    }

    client.socket.use((packet) => {
      // Packets that came before the end are not answered.
      if (!client.leaving.aborted) void answer(parse(packet));
    });
  }

  function throttle({ socket, user }: Client): void {
    const wait = limits === undefined ? 0 : Math.max(limits.socket.take(socket.id), limits.user.take(user.id));
    if (wait > 0) {
      throw new DeskwireError('rate_limited', 'Too many events', { retryAfter: Math.ceil(wait) });
    }
  }

  function refuse(client: Client, { name, ack, answered }: Packet, error: unknown): void {
    const { socket, user, namespace } = client;
    const refusal = wireError(error);
    const event = name?.slice(0, 64);
    const details = { socket: socket.id, user: user.id, namespace, event, error: refusal.type };
    // A flood of events must not become a flood of log lines.
    if (refusal.type === 'rate_limited') log.debug(details, 'socket event refused');
    else if (error instanceof DeskwireError) log.info(details, 'socket event refused');
    else log.error({ ...details, err: error }, 'socket event failed');
    if (ack !== undefined && !answered) ack({ success: false, error: refusal });
    else socket.emit('error', event === undefined ? refusal : { ...refusal, event });
    endFlood(client);
  }

  /** A client that is refused all the time does not read what it is told, so its connection ends. */
  function endFlood(client: Client): void {
    const wait = limits?.refusals.take(client.user.id) ?? 0;
    if (wait === 0 || client.leaving.aborted) return;
    log.warn({ socket: client.socket.id, user: client.user.id }, 'connection ended: too many refused events');
    const retryAfter = Math.ceil(wait);
    deps.endConnection(client, new DeskwireError('rate_limited', 'Too many refused events', { retryAfter }));
  }

  return { attach };
}

/** When the client wants an ack, Socket.IO appends a function. Data from a client is never a function. */
function parse([name, ...rest]: readonly unknown[]): Packet {
  const last = rest.at(-1);
  const ack = typeof last === 'function' ? (last as Ack) : undefined;
  let answered = false;
  return {
    name: typeof name === 'string' ? name : undefined,
    args: ack === undefined ? rest : rest.slice(0, -1),
    ack,
    get answered() {
      return answered;
    },
    reply(fields) {
      if (!answered) ack?.({ success: true, ...fields });
      answered = true;
    },
  };
}

function invalid(message: string, field: string): DeskwireError {
  return new DeskwireError('invalid_payload', message, { field });
}
