/**
 * Commands that are not done yet. Each has an id with which it is sent again until the server answers it or refuses it
 * for good; so it is carried out once, whatever happens to connections, servers and pages. Commands of one lane (a
 * ticket, the inbox) are sent one after the other, in the order given; lanes run side by side.
 *
 * A command is in the storage from before it is first sent until it is done: a page that is loaded again continues with
 * it.
 */

import { createBackoff, type Pace } from './backoff.ts';
import { createDeferred, type Deferred } from './deferred.ts';
import { createEmitter, type Listenable } from './emitter.ts';
import { asError, closedError, DeskwireError, isPassing } from './errors.ts';
import type { Method } from './http.ts';
import type { Surroundings } from './surroundings.ts';

/** A command as a storage keeps it; JSON. */
export interface StoredCommand {
  readonly id: string;
  /** The command's user. Commands of another user of this device are left alone. */
  readonly userId: string;
  /** Greater than the order of every earlier command. */
  readonly order: number;
  readonly lane: string;
  readonly kind: string;
  /** For `SOCKET`, `path` is the name of the event and `body` its payload. */
  readonly method: Method | 'SOCKET';
  readonly path: string;
  readonly body?: unknown;
  /** RFC 3339 UTC, by this device's clock. */
  readonly createdAt: string;
  /** Why it was refused for good. The entry is kept until it is retried or discarded. */
  readonly failed?: { readonly code: string; readonly message: string };
}

/** Keeps commands beyond the end of a page or process. `put` replaces the command with the same id. */
export interface OutboxStorage {
  list(): readonly StoredCommand[] | Promise<readonly StoredCommand[]>;
  put(command: StoredCommand): void | Promise<void>;
  remove(id: string): void | Promise<void>;
}

/** A command that is not done. */
export interface OutboxEntry extends StoredCommand {
  /** Why the last attempt failed. */
  readonly waitingFor?: { readonly code: string; readonly message: string };
}

export interface OutboxEvents {
  change: readonly OutboxEntry[];
  /** A command was refused for good. */
  failed: { readonly entry: OutboxEntry; readonly error: DeskwireError };
  /** A command is done; `answer` is the server's answer. */
  done: { readonly entry: OutboxEntry; readonly answer: unknown };
  /** The storage failed to persist a command. The command is sent all the same. */
  storage: DeskwireError;
}

export interface Outbox extends Listenable<OutboxEvents> {
  /** In the order given. */
  readonly entries: readonly OutboxEntry[];
  /** Sends a failed command again. */
  retry(id: string): void;
  /** Removes a command. If it was sent before, the server may have carried it out. */
  discard(id: string): void;
}

export interface Command {
  readonly lane: string;
  readonly kind: string;
  readonly method: StoredCommand['method'];
  readonly path: string;
  readonly body?: unknown;
  /** Keeps the entry after a refusal, so that the user can see it. */
  readonly keepFailed?: boolean;
}

export interface InnerOutbox extends Outbox {
  /** Resolves with the answer; rejects when the command is refused for good. The promise may be ignored. */
  enqueue<T>(command: Command, id?: string): Promise<T>;
  /** Takes over the commands that an earlier page left, and sends all that wait. */
  wake(): void;
  close(): void;
}

interface OutboxDeps {
  /** Sends the command once, and resolves with the answer. */
  deliver(command: StoredCommand): Promise<unknown>;
  readonly storage: OutboxStorage;
  readonly surroundings: Pick<Surroundings, 'now' | 'newId' | 'random' | 'after'>;
  readonly pace: Pace;
  /** Rejects as long as the user is not known. */
  userId(): Promise<string>;
}

interface Lane {
  readonly backoff: ReturnType<typeof createBackoff>;
  busy: boolean;
  cancel: (() => void) | undefined;
}

type Pending = { readonly keepFailed: boolean; readonly settle: Deferred<unknown> | undefined };

/** Errors of the token. The command waits for a valid token; the server has not refused the command itself. */
const TOKEN_ERRORS: ReadonlySet<string> = new Set(['no_token', 'unauthorized', 'token_expired', 'another_user']);

export function createOutbox(deps: OutboxDeps): InnerOutbox {
  const { storage, surroundings, pace } = deps;
  const events = createEmitter<OutboxEvents>();
  const lanes = new Map<string, Lane>();
  const pending = new Map<string, Pending>();
  let entries: readonly OutboxEntry[] = [];
  let restored: Promise<void> | undefined;
  let closed = false;
  let lastOrder = 0;

  function show(next: readonly OutboxEntry[]): void {
    entries = next;
    events.emit('change', next);
  }

  function replace(id: string, entry: OutboxEntry | undefined): void {
    show(entries.flatMap((one) => (one.id !== id ? [one] : entry === undefined ? [] : [entry])));
  }

  function enqueue<T>(command: Command, id = surroundings.newId()): Promise<T> {
    const { keepFailed = false, ...rest } = command;
    lastOrder = Math.max(lastOrder + 1, surroundings.now());
    const createdAt = new Date(surroundings.now()).toISOString();
    const entry: OutboxEntry = { ...rest, id, userId: '', order: lastOrder, createdAt };
    const settle = createDeferred<unknown>();
    settle.promise.catch(() => undefined);
    pending.set(id, { keepFailed, settle });
    if (closed) {
      settle.reject(closedError());
      return settle.promise as Promise<T>;
    }
    show([...entries, entry]);
    void accept(entry);
    return settle.promise as Promise<T>;
  }

  /** Never rejects. */
  async function accept(entry: OutboxEntry): Promise<void> {
    await restore();
    const owner = await currentUser();
    const known = entries.find(({ id }) => id === entry.id);
    if (owner === undefined || known === undefined) return;
    const owned = { ...known, userId: owner };
    replace(entry.id, owned);
    await persist(() => storage.put(stored(owned)));
    run(entry.lane);
  }

  /** Undefined when there is no token yet: `wake` tries again. */
  async function currentUser(): Promise<string | undefined> {
    try {
      return await deps.userId();
    } catch {
      return undefined;
    }
  }

  function restore(): Promise<void> {
    restored ??= (async () => {
      try {
        const owner = await deps.userId();
        const found = (await storage.list()).filter(({ userId }) => userId === owner);
        for (const { order } of found) lastOrder = Math.max(lastOrder, order);
        // Commands given since the start are newer than stored ones, even if the clock was set back.
        const given = entries.map((entry) => ({ ...entry, order: ++lastOrder }));
        const known = new Set(given.map(({ id }) => id));
        const left = found.filter(({ id }) => !known.has(id)).sort((a, b) => a.order - b.order);
        show([...left, ...given]);
      } catch (error) {
        restored = undefined;
        if (!(error instanceof DeskwireError)) events.emit('storage', asError(error));
      }
    })();
    return restored;
  }

  async function persist(act: () => void | Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      events.emit('storage', asError(error));
    }
  }

  function laneOf(name: string): Lane {
    const lane = lanes.get(name) ?? { backoff: createBackoff(pace, surroundings), busy: false, cancel: undefined };
    lanes.set(name, lane);
    return lane;
  }

  function run(name: string): void {
    const lane = laneOf(name);
    const next = entries.find((entry) => entry.lane === name && entry.failed === undefined && entry.userId !== '');
    if (closed || lane.busy || next === undefined) return;
    lane.cancel?.();
    lane.cancel = undefined;
    lane.busy = true;
    void send(lane, next).finally(() => {
      lane.busy = false;
      if (lane.cancel === undefined) run(name);
    });
  }

  /** Never rejects. */
  async function send(lane: Lane, entry: OutboxEntry): Promise<void> {
    const { id } = entry;
    try {
      const answer = await deps.deliver(entry);
      lane.backoff.reset();
      await persist(() => storage.remove(id));
      events.emit('done', { entry, answer });
      replace(id, undefined);
      settle(id)?.resolve(answer);
    } catch (failure) {
      const error = asError(failure);
      if (closed || !entries.some((one) => one.id === id)) return;
      if (isRetried(error)) {
        replace(id, { ...entry, waitingFor: { code: error.code, message: error.message } });
        const wait = lane.backoff.next((error.retryAfter ?? 0) * 1_000);
        lane.cancel = surroundings.after(wait, () => {
          lane.cancel = undefined;
          run(entry.lane);
        });
      } else {
        lane.backoff.reset();
        await refuse(entry, error);
      }
    }
  }

  async function refuse(entry: OutboxEntry, error: DeskwireError): Promise<void> {
    const kept = pending.get(entry.id)?.keepFailed ?? true;
    const { waitingFor: _, ...rest } = entry;
    const failed = { ...rest, failed: { code: error.code, message: error.message } };
    await persist(() => (kept ? storage.put(stored(failed)) : storage.remove(entry.id)));
    replace(entry.id, kept ? failed : undefined);
    events.emit('failed', { entry: failed, error });
    settle(entry.id)?.reject(error);
  }

  function settle(id: string): Deferred<unknown> | undefined {
    const waiting = pending.get(id)?.settle;
    pending.delete(id);
    return waiting;
  }

  return {
    on: events.on,
    get entries() {
      return entries;
    },
    enqueue,
    retry(id) {
      const entry = entries.find((one) => one.id === id);
      if (entry?.failed === undefined) return;
      const { failed: _, ...again } = entry;
      pending.set(id, { keepFailed: true, settle: undefined });
      replace(id, again);
      void persist(() => storage.put(stored(again))).then(() => run(entry.lane));
    },
    discard(id) {
      if (!entries.some((one) => one.id === id)) return;
      replace(id, undefined);
      settle(id)?.reject(closedError());
      void persist(() => storage.remove(id));
    },
    wake() {
      void restore().then(() => {
        for (const { backoff } of lanes.values()) backoff.reset();
        for (const entry of entries) if (entry.userId === '') void accept(entry);
        for (const name of new Set(entries.map(({ lane }) => lane))) run(name);
      });
    },
    close() {
      closed = true;
      for (const { cancel } of lanes.values()) cancel?.();
      for (const id of [...pending.keys()]) settle(id)?.reject(closedError());
      events.clear();
    },
  };
}

function isRetried(error: DeskwireError): boolean {
  if (TOKEN_ERRORS.has(error.code)) return true;
  // A proxy that answers 4xx with its own page would do so again.
  const final = error.code === 'bad_answer' && error.status !== undefined && error.status < 500;
  return isPassing(error) && !(final && error.status !== 408 && error.status !== 429 && error.status !== 404);
}

function stored({ waitingFor: _, ...entry }: OutboxEntry): StoredCommand {
  return entry;
}
