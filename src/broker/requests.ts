/**
 * Questions to one process and their answers, as JSON over core NATS. If no process serves the topic, the server
 * answers so at once: a question to a stopped process costs one round trip. A question to a process that hangs costs
 * the time-out. Without a connection a question is refused, and never kept for later.
 *
 * Question and answer have seals (`seal.ts`). A question without one is not served: its sender runs other code, and
 * gets an empty answer at once, or it is forged. An answer without one is as none: the time-out runs to its end,
 * because the process that was asked may be at work.
 */
import { ErrorCode, headers, type Msg, NatsError } from 'nats';
import { sleep } from '../support/sleep.ts';
import type { BrokerConnection } from './broker-connection.ts';
import { decodeJson, encodeJson } from './codec.ts';
import { type Broker, UnansweredError } from './port.ts';
import { SEAL } from './seal.ts';

/** Sent in place of an answer that is too large, and to an asker who does not belong to the cluster. */
const NO_ANSWER = new Uint8Array();

/** Bytes of the header with the seal, at most: they count for the broker's limit. */
const SEAL_SIZE = 256;

export function createRequests(
  { nats, subjects, log, outbound, seals }: BrokerConnection,
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
          const seal = message.headers?.get(SEAL);
          if (!seals.acceptMessage(subject, message.data, seal) || seal === undefined) {
            message.respond(NO_ANSWER);
            return;
          }
          const respond = (data: Uint8Array) =>
            message.respond(data, { headers: sealedWith(seals.answer(seal, data)) });
          const answered = answer(message.data, respond).finally(() => {
            answering.delete(answered);
          });
          answering.add(answered);
        },
      });

      async function answer(data: Uint8Array, respond: (data: Uint8Array) => void): Promise<void> {
        try {
          const reply = encodeJson((await handler(decodeJson(data))) ?? null);
          respond(fits(reply) ? reply : NO_ANSWER);
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
      const subject = subjects.request(topic);
      const seal = seals.message(subject, data);
      const deadline = performance.now() + timeoutMs;
      const options = { timeout: timeoutMs, headers: sealedWith(seal) };
      const reply: Msg = await nats.request(subject, data, options).catch(unanswered);
      if (!seals.acceptAnswer(seal, reply.data, reply.headers?.get(SEAL))) {
        await sleep(deadline - performance.now(), new AbortController().signal);
        throw new UnansweredError('late', 'the answer is not of this cluster');
      }
      if (reply.data.length === 0) throw new UnansweredError('oversized', 'the answer is too large for the broker');
      return decodeJson(reply.data);
    },
  };

  function fits(data: Uint8Array): boolean {
    return data.length + SEAL_SIZE <= (nats.info?.max_payload ?? 0);
  }
}

function sealedWith(seal: string) {
  const sealed = headers();
  sealed.set(SEAL, seal);
  return sealed;
}

function unanswered(cause: unknown): never {
  if (cause instanceof NatsError && cause.code === ErrorCode.NoResponders) {
    throw new UnansweredError('nobody', 'no process serves this topic', { cause });
  }
  throw new UnansweredError('late', 'no answer came in time', { cause });
}
