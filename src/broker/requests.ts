/**
 * Questions to one process and their answers, as JSON over core NATS. If no process serves the topic, the server
 * answers so at once: a question to a stopped process costs one round trip. A question to a process that hangs costs
 * the time-out. Without a connection a question is refused, and never kept for later.
 */
import { ErrorCode, NatsError } from 'nats';
import type { BrokerConnection } from './broker-connection.ts';
import { decodeJson, encodeJson } from './codec.ts';
import { type Broker, UnansweredError } from './port.ts';

/** Sent in place of an answer that is too large. */
const TOO_LARGE = new Uint8Array();

export function createRequests(
  { nats, subjects, log, outbound }: BrokerConnection,
  isConnected: () => boolean,
  registration: () => Promise<void>,
): Broker['requests'] {
  return {
    serve(topic, handler) {
      const subject = subjects.request(topic);
      const answering = new Set<Promise<void>>();
      const subscription = nats.subscribe(subject, {
        callback(error, message) {
          if (error) {
            log.error({ err: error, subject }, 'broker subscription failed');
            return;
          }
          const answered = answer(message.data, (data) => message.respond(data)).finally(() => {
            answering.delete(answered);
          });
          answering.add(answered);
        },
      });

      async function answer(data: Uint8Array, respond: (data: Uint8Array) => void): Promise<void> {
        try {
          const reply = encodeJson((await handler(decodeJson(data))) ?? null);
          respond(fits(reply) ? reply : TOO_LARGE);
        } catch (error) {
          log.error({ err: error, subject }, 'request not answered');
        }
      }

      return {
        ready: registration(),
        async close() {
          // A closed connection delivers nothing more.
          if (!nats.isClosed()) await subscription.drain().catch(() => undefined);
          await Promise.all(answering);
        },
      };
    },

    async ask(topic, question, timeoutMs) {
      const data = encodeJson(question);
      if (!fits(data)) throw new UnansweredError('unsent', 'the question is too large for the broker');
      if (!isConnected() || nats.isClosed())
        throw new UnansweredError('unsent', 'there is no connection to the broker');
      if (outbound.full) throw new UnansweredError('unsent', 'the broker does not accept earlier messages');
      const reply = await nats.request(subjects.request(topic), data, { timeout: timeoutMs }).catch(unanswered);
      if (reply.data.length === 0) throw new UnansweredError('oversized', 'the answer is too large for the broker');
      return decodeJson(reply.data);
    },
  };

  function fits(data: Uint8Array): boolean {
    return data.length <= (nats.info?.max_payload ?? 0);
  }
}

function unanswered(cause: unknown): never {
  if (cause instanceof NatsError && cause.code === ErrorCode.NoResponders) {
    throw new UnansweredError('nobody', 'no process serves this topic', { cause });
  }
  throw new UnansweredError('late', 'no answer came in time', { cause });
}
