/**
 * Which sessions have ended while their access tokens still run, as this process knows it. A revocation is told to all
 * nodes by a signal, at once; signals may get lost, so the database is asked as well, every few seconds and after each
 * reconnection. Whatever the broker does, a token outlives its session by no more than that interval.
 */
import type { Logger } from 'pino';
import type { Broker } from '../broker/port.ts';
import type { Sessions } from './sessions.ts';
import { ACCESS_TOKEN_SECONDS, CLOCK_TOLERANCE_SECONDS } from './tokens.ts';

/** A revoked session is of interest for as long as a token of it may still be valid, and clocks may differ. */
const MEMORY_MS = (ACCESS_TOKEN_SECONDS + 2 * CLOCK_TOLERANCE_SECONDS) * 1_000;
const TOPIC = ['session-revoked'] as const;

export interface Revocations {
  has(sessionId: string): boolean;
  /** Ends a session, here and on every node. */
  revoke(sessionId: string): Promise<void>;
  /** For a session that the database has just revoked: tells every node. */
  announce(sessionId: string): void;
  /** Calls `listener` once for each session that ends, whichever node ended it. */
  onRevoked(listener: (sessionId: string) => void): () => void;
  close(): void;
}

interface Parts {
  readonly sessions: Sessions;
  readonly broker?: Pick<Broker, 'signals' | 'onReconnected'>;
  readonly log: Logger;
  readonly now: () => number;
  /** How often the database is asked, in milliseconds. */
  readonly pollEvery: number;
}

/** Resolves once every earlier revocation is known. */
export async function createRevocations({ sessions, broker, log, now, pollEvery }: Parts): Promise<Revocations> {
  const revokedAt = new Map<string, number>();
  const listeners = new Set<(sessionId: string) => void>();

  function learn(sessionId: string): void {
    if (revokedAt.has(sessionId)) return;
    revokedAt.set(sessionId, now());
    for (const listener of listeners) listener(sessionId);
  }

  async function poll(): Promise<void> {
    for (const id of await sessions.revokedSince(now() - MEMORY_MS)) learn(id);
    for (const [id, time] of revokedAt) {
      if (time < now() - MEMORY_MS) revokedAt.delete(id);
    }
  }

  function pollAgain(): void {
    poll().catch((error: unknown) => log.warn({ err: error }, 'cannot read revoked sessions'));
  }

  const subscription = broker?.signals.subscribe(TOPIC, (payload) => {
    if (typeof payload === 'string') learn(payload);
  });
  const stopReconnected = broker?.onReconnected(pollAgain);
  await poll();
  const timer = setInterval(pollAgain, pollEvery).unref();

  function announce(sessionId: string): void {
    learn(sessionId);
    broker?.signals.publish(TOPIC, sessionId);
  }

  return {
    has: (sessionId) => revokedAt.has(sessionId),
    async revoke(sessionId) {
      await sessions.revoke(sessionId);
      announce(sessionId);
    },
    announce,
    onRevoked(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close() {
      clearInterval(timer);
      subscription?.close();
      stopReconnected?.();
    },
  };
}
