/**
 * The sessions that were revoked while their access tokens are still valid, kept in memory. A signal carries a
 * revocation to all nodes at once. Signals may be lost, so each node also reads the database, every few seconds and
 * after each reconnect. A token therefore outlives its session by at most that interval, even without the broker.
 */
import type { Logger } from 'pino';
import type { Broker } from '../broker/port.ts';
import { ACCESS_TOKEN_SECONDS } from './keys.ts';
import type { Sessions } from './sessions.ts';
import { CLOCK_TOLERANCE_SECONDS } from './tokens.ts';

/** A revoked session is kept as long as one of its tokens may be valid; the clocks of nodes may differ. */
const MEMORY_MS = (ACCESS_TOKEN_SECONDS + 2 * CLOCK_TOLERANCE_SECONDS) * 1_000;
const TOPIC = ['session-revoked'] as const;

export interface Revocations {
  has(sessionId: string): boolean;
  /** Ends a session on every node. */
  revoke(sessionId: string): Promise<void>;
  /** Sends a session that is already revoked in the database to every node. */
  publish(sessionId: string): void;
  /** Calls `listener` once for each session that is revoked, on any node. Returns the unsubscribe function. */
  onRevoked(listener: (sessionId: string) => void): () => void;
  close(): void;
}

interface RevocationsDeps {
  readonly sessions: Sessions;
  readonly broker?: Pick<Broker, 'signals' | 'onReconnected'>;
  readonly log: Logger;
  readonly now: () => number;
  /** Milliseconds between reads of the database. */
  readonly pollEvery: number;
}

/** Resolves when every earlier revocation is known. */
export async function createRevocations({
  sessions,
  broker,
  log,
  now,
  pollEvery,
}: RevocationsDeps): Promise<Revocations> {
  const revokedAt = new Map<string, number>();
  const listeners = new Set<(sessionId: string) => void>();

  function add(sessionId: string): void {
    if (revokedAt.has(sessionId)) return;
    revokedAt.set(sessionId, now());
    for (const listener of listeners) listener(sessionId);
  }

  async function poll(): Promise<void> {
    for (const id of await sessions.revokedSince(now() - MEMORY_MS)) add(id);
    for (const [id, time] of revokedAt) {
      if (time < now() - MEMORY_MS) revokedAt.delete(id);
    }
  }

  function pollAgain(): void {
    poll().catch((error: unknown) => log.warn({ err: error }, 'cannot read revoked sessions'));
  }

  const subscription = broker?.signals.subscribe(TOPIC, (payload) => {
    if (typeof payload === 'string') add(payload);
  });
  const stopReconnected = broker?.onReconnected(pollAgain);
  await poll();
  const timer = setInterval(pollAgain, pollEvery).unref();

  function publish(sessionId: string): void {
    add(sessionId);
    broker?.signals.publish(TOPIC, sessionId);
  }

  return {
    has: (sessionId) => revokedAt.has(sessionId),
    async revoke(sessionId) {
      await sessions.revoke(sessionId);
      publish(sessionId);
    },
    publish,
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
