/**
 * A message from NATS is accepted only with a seal: an HMAC with a key that is in the database
 * (`eventlog/cluster-keys.ts`). The password of a NATS user is then enough to disturb the cluster, but not to act as a
 * node. The seal covers the payload and the purpose of the message, so that it is not valid for another purpose:
 *
 *   message  signal or request: its subject, its sender, the sender's count, and the time. See `replay-window.ts`.
 *   answer   the seal of its request.
 *   event    the log's epoch and the subject. It may be repeated: receivers check versions and positions.
 *   notice   the board's name and the key. It may be repeated: notices are numbered.
 *
 * A sender is one connection of one process. The first message of an unknown sender must not be old, so that recorded
 * messages of ended processes are refused.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Logger } from 'pino';
import type { ClusterKey, ClusterKeys } from '../eventlog/cluster-keys.ts';
import { createReplayWindow } from './replay-window.ts';

/** The kind that a refused message claimed to be. */
export const SEALED = ['message', 'answer', 'event', 'notice'] as const;
export type Sealed = (typeof SEALED)[number];

/** The reason why a message is not accepted. */
export type SealFault = 'unsealed' | 'unknown key' | 'forged' | 'repeated' | 'old';

export interface Seals {
  message(subject: string, payload: Uint8Array): string;
  /** Whether the message is accepted. */
  acceptMessage(subject: string, payload: Uint8Array, seal: string | undefined): boolean;
  answer(request: string, payload: Uint8Array): string;
  acceptAnswer(request: string, payload: Uint8Array, seal: string | undefined): boolean;
  event(epoch: string, path: string, payload: Uint8Array): string;
  acceptEvent(path: string, payload: Uint8Array, seal: string | undefined): boolean;
  notice(place: string, payload: Uint8Array): string;
  acceptNotice(place: string, payload: Uint8Array, seal: string | undefined): boolean;
  /** From now on, events of another epoch than `current` returns are ignored. */
  followEpoch(current: () => string): void;
}

export interface SealsDeps {
  readonly keys: ClusterKeys;
  readonly log: Pick<Logger, 'warn'>;
  /** Unix time in milliseconds. */
  readonly now: () => number;
  /** Called for each message that is not accepted. */
  readonly onRefused?: ((what: Sealed) => void) | undefined;
}

/** The header that carries the seal. */
export const SEAL = 'Deskwire-Seal';

/** Milliseconds between the clocks of sender and receiver, and on the way, for the first message of a sender. */
const FIRST_CONTACT = 10 * 60_000;
/** Sources of refused messages that are logged, once each. */
const MAX_LOGGED = 100;

export function createSeals({ keys, log, now, onRefused }: SealsDeps): Seals {
  const sender = randomBytes(9).toString('base64url');
  const window = createReplayWindow();
  const logged = new Set<string>();
  let sent = 0;
  let epochInForce: (() => string) | undefined;

  function refuse(what: Sealed, fault: SealFault, source: string): false {
    onRefused?.(what);
    if (fault === 'unknown key') keys.refresh();
    const key = `${what} ${fault} ${source}`;
    if (!logged.has(key) && logged.size < MAX_LOGGED) {
      logged.add(key);
      log.warn({ what, fault, source }, 'a message over NATS is not of this cluster and is ignored');
    }
    return false;
  }

  /** `stamp`: the fields of the seal before its MAC. */
  function sealed(what: Sealed, about: string, stamp: readonly (string | number)[], payload: Uint8Array): string {
    const { current } = keys;
    const text = [current.id, ...stamp].join('.');
    return `${text}.${macOf(current, what, about, text, payload).toString('base64url')}`;
  }

  /** The fields of a genuine seal; undefined if it was refused. */
  function open(
    what: Sealed,
    about: string,
    fields: number,
    payload: Uint8Array,
    seal: string | undefined,
  ): string[] | undefined {
    const source = sourceOf(what, about);
    if (!seal) {
      refuse(what, 'unsealed', source);
      return undefined;
    }
    const [id = '', ...rest] = seal.split('.');
    const mac = rest.pop() ?? '';
    const key = keys.find(id);
    if (key === undefined) {
      refuse(what, 'unknown key', source);
      return undefined;
    }
    const text = seal.slice(0, seal.length - mac.length - 1);
    const given = Buffer.from(mac, 'base64url');
    const expected = macOf(key, what, about, text, payload);
    if (rest.length !== fields || given.length !== expected.length || !timingSafeEqual(given, expected)) {
      refuse(what, 'forged', source);
      return undefined;
    }
    return rest;
  }

  return {
    message(subject, payload) {
      sent += 1;
      return sealed('message', subject, [sender, sent, now()], payload);
    },
    acceptMessage(subject, payload, seal) {
      const fields = open('message', subject, 3, payload, seal);
      if (fields === undefined) return false;
      const [from = '', count, time] = fields;
      if (!window.knows(from) && Math.abs(now() - Number(time)) > FIRST_CONTACT) return refuse('message', 'old', from);
      return window.accept(from, Number(count)) || refuse('message', 'repeated', from);
    },
    answer: (request, payload) => sealed('answer', request, [], payload),
    acceptAnswer: (request, payload, seal) => open('answer', request, 0, payload, seal) !== undefined,
    event: (epoch, path, payload) => sealed('event', path, [epoch], payload),
    acceptEvent(path, payload, seal) {
      const fields = open('event', path, 1, payload, seal);
      if (fields === undefined) return false;
      // For a moment after a restored backup, events of the lost history still arrive. That is no fault.
      return epochInForce === undefined || fields[0] === epochInForce();
    },
    notice: (place, payload) => sealed('notice', place, [], payload),
    acceptNotice: (place, payload, seal) => open('notice', place, 0, payload, seal) !== undefined,
    followEpoch(current) {
      epochInForce = current;
    },
  };
}

function macOf({ secret }: ClusterKey, what: Sealed, about: string, text: string, payload: Uint8Array): Buffer {
  return createHmac('sha256', secret).update(`${what}\n${about}\n${text}\n`).update(payload).digest();
}

/** NATS does not say who published a message. The kind of its subject, without ids, is the nearest that there is. */
function sourceOf(what: Sealed, about: string): string {
  if (what === 'answer') return 'answers';
  const parts = about.split('.');
  return what === 'message' ? parts.slice(1, 3).join('.') : (parts[0] ?? '');
}
