/**
 * From a packet that a client sent to an answer: every one gets exactly one, however hostile it is. Packets are taken
 * here, before they would become events of the socket's emitter: there, an event called `error` that nobody listens to
 * would end the process.
 *
 * Requests of one lane (one ticket) are answered in the order in which they came, others side by side.
 */
import type { Logger } from 'pino';
import { DeskwireError } from '../../domain/errors.ts';
import type { Request } from '../dialects/request.ts';
import type { GatewayOptions } from '../options.ts';
import type { Toolbox } from '../toolbox.ts';
import type { Session } from './client.ts';
import { wireError } from './errors.ts';
import { sizeWithin } from './payload-size.ts';
import type { RateLimit } from './rate-limit.ts';

type Ack = (answer: object) => void;

interface Packet {
  /** Undefined when it was not even a name. */
  readonly name: string | undefined;
  readonly args: readonly unknown[];
  readonly ack: Ack | undefined;
  /** Whether it was answered. */
  readonly answered: boolean;
  /** Answers with success, the first time that it is called. */
  reply(fields: object): void;
}

export interface Dispatch {
  /** Takes over every packet of this session's socket. */
  attach(session: Session): void;
}

interface Parts {
  /** Those of the session's namespace. */
  requestsOf(namespace: string): ReadonlyMap<string, Request>;
  readonly tools: Toolbox;
  readonly limits: { readonly socket: RateLimit; readonly user: RateLimit } | undefined;
  readonly options: Pick<GatewayOptions, 'maxEventSize' | 'inProgressPerSocket'>;
  readonly newId: () => string;
  readonly log: Logger;
}

export function createDispatch(parts: Parts): Dispatch {
  const { tools, limits, options, log } = parts;

  function attach(session: Session): void {
    const requests = parts.requestsOf(session.namespace);
    const lanes = new Map<string, Promise<void>>();
    let inProgress = 0;

    function prepare({ name, args }: Packet) {
      throttle(session);
      if (inProgress >= options.inProgressPerSocket) {
        throw new DeskwireError('rate_limited', 'Too many requests in progress', { retryAfter: 1 });
      }
      if (name === undefined) throw invalid('The event name must be a string', 'event');
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
        const before = lanes.get(lane);
        const done = (before ?? Promise.resolve()).then(async () => {
          const call = { session, tools, correlationId: parts.newId(), acked: packet.ack !== undefined };
          packet.reply((await answer({ ...call, reply: packet.reply })) ?? {});
        });
        const settled = done.then(
          () => undefined,
          () => undefined,
        );
        lanes.set(lane, settled);
        await done.finally(() => {
          inProgress -= 1;
          if (lanes.get(lane) === settled) lanes.delete(lane);
        });
      } catch (error) {
        refuse(session, packet, error);
      }
    }

    session.socket.use((packet) => void answer(parse(packet)));
  }

  function throttle({ socket, user }: Session): void {
    const wait = limits === undefined ? 0 : Math.max(limits.socket.take(socket.id), limits.user.take(user.id));
    if (wait > 0) {
      throw new DeskwireError('rate_limited', 'Too many events', { retryAfter: Math.ceil(wait) });
    }
  }

  function refuse({ socket, user, namespace }: Session, { name, ack, answered }: Packet, error: unknown): void {
    const told = wireError(error);
    const event = name?.slice(0, 64);
    const details = { socket: socket.id, user: user.id, namespace, event, error: told.type };
    // Somebody who floods us is not to flood the log as well.
    if (told.type === 'rate_limited') log.debug(details, 'socket event refused');
    else if (error instanceof DeskwireError) log.info(details, 'socket event refused');
    else log.error({ ...details, err: error }, 'socket event failed');
    if (ack !== undefined && !answered) ack({ success: false, error: told });
    else socket.emit('error', event === undefined ? told : { ...told, event });
  }

  return { attach };
}

/** The transport appends the ack function when the client wants one; nothing a client sends can be a function. */
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
