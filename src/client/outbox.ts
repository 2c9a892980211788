/**
 * Commands on their way: each has an id with which it is repeated until the server answers it or refuses it for good, so
 * that it is carried out once whatever happens to connections, servers and pages. Those of one lane (a ticket, the inbox)
 * go one after the other, in the order given, lanes side by side.
 *
 * A command is with the storage before it is first sent, until its end: a page that is loaded again goes on with it.
 */
import { createBackoff, type Pace } from './backoff.ts';
import { createEmitter, type Listenable } from './emitter.ts';
import { asError, closedError, DeskwireError, isPassing } from './errors.ts';
import type { Method } from './http.ts';
import type { Surroundings } from './surroundings.ts';

/** What a storage keeps; JSON. */
export interface StoredCommand {
  readonly id: string;
  /** Whose it is: that of another user of this device is left alone. */
  readonly userId: string;
  /** Greater than that of all before it. */
  readonly order: number;
  readonly lane: string;
  readonly kind: string;
  /** `SOCKET`: `path` is the name of the event, `body` its payload. */
  readonly method: Method | 'SOCKET';
  readonly path: string;
  readonly body?: unknown;
  /** RFC 3339 UTC, by this device's clock. */
  readonly createdAt: string;
  /** Why it was refused for good. It is kept until somebody retries or discards it. */
  readonly failed?: { readonly code: string; readonly message: string };
}

/** Where commands are kept over the end of a page or process. `put` replaces the one with the same id. */
export interface OutboxStorage {
  list(): readonly StoredCommand[] | Promise<readonly StoredCommand[]>;
  put(command: StoredCommand): void | Promise<void>;
  remove(id: string): void | Promise<void>;
}

/** One that is not done. */
export interface OutboxEntry extends StoredCommand {
  /** Why the last attempt did not get through. */
  readonly waitingFor?: { readonly code: string; readonly message: string };
}

export interface OutboxEvents {
  change: readonly OutboxEntry[];
  /** One was refused for good. */
  failed: { readonly entry: OutboxEntry; readonly error: DeskwireError };
  /** One is done; `answer` is what the server said. */
  done: { readonly entry: OutboxEntry; readonly answer: unknown };
  /** The storage did not keep one; it is sent all the same. */
  storage: DeskwireError;
}

export interface Outbox extends Listenable<OutboxEvents> {
  /** In the order given. */
  readonly entries: readonly OutboxEntry[];
  /** Sends one again that had failed. */
  retry(id: string): void;
  /** Gives one up: it may have been carried out already, if it was ever sent. */
  discard(id: string): void;
}

export interface Command {
  readonly lane: string;
  readonly kind: string;
  readonly method: StoredCommand['method'];
  readonly path: string;
  readonly body?: unknown;
  /** Stays, when it was refused, for somebody to see. */
  readonly keepFailed?: boolean;
}

export interface InnerOutbox extends Outbox {
  /** Resolves with the answer; rejects when it is refused for good. Nobody has to look at it. */
  give<T>(command: Command, id?: string): Promise<T>;
  /** Takes over what an earlier page left, and sends what waits. */
  wake(): void;
  close(): void;
}

interface Parts {
  /** Resolves with the answer to one attempt. */
  deliver(command: StoredCommand): Promise<unknown>;
  readonly storage: OutboxStorage;
  readonly surroundings: Pick<Surroundings, 'now' | 'newId' | 'random' | 'after'>;
  readonly pace: Pace;
  /** Undefined before the first token. */
  userId(): Promise<string>;
}

interface Lane {
  readonly backoff: ReturnType<typeof createBackoff>;
  busy: boolean;
  callOff: (() => void) | undefined;
}

type Pending = { readonly keepFailed: boolean; readonly settle: PromiseWithResolvers<unknown> | undefined };

/** Whether a command is to be sent again: unless the server has said that it will never do it. */
const HELD: ReadonlySet<string> = new Set(['no_token', 'unauthorized', 'token_expired', 'another_user']);

export function createOutbox(parts: Parts): InnerOutbox {
  const { storage, surroundings, pace } = parts;
  const heard = createEmitter<OutboxEvents>();
  const lanes = new Map<string, Lane>();
  const pending = new Map<string, Pending>();
  let entries: readonly OutboxEntry[] = [];
  let restored: Promise<void> | undefined;
  let closed = false;
  let lastOrder = 0;

  function show(next: readonly OutboxEntry[]): void {
    entries = next;
    heard.emit('change', next);
  }

  function replace(id: string, entry: OutboxEntry | undefined): void {
    show(entries.flatMap((one) => (one.id !== id ? [one] : entry === undefined ? [] : [entry])));
  }

  function give<T>(command: Command, id = surroundings.newId()): Promise<T> {
    const { keepFailed = false, ...rest } = command;
    lastOrder = Math.max(lastOrder + 1, surroundings.now());
    const createdAt = new Date(surroundings.now()).toISOString();
    const entry: OutboxEntry = { ...rest, id, userId: '', order: lastOrder, createdAt };
    const settle = Promise.withResolvers<unknown>();
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
    const owner = await owning();
    const known = entries.find(({ id }) => id === entry.id);
    if (owner === undefined || known === undefined) return;
    const owned = { ...known, userId: owner };
    replace(entry.id, owned);
    await keep(() => storage.put(stored(owned)));
    run(entry.lane);
  }

  /** Undefined when there is no token yet: `wake` tries again. */
  async function owning(): Promise<string | undefined> {
    try {
      return await parts.userId();
    } catch {
      return undefined;
    }
  }

  function restore(): Promise<void> {
    restored ??= (async () => {
      try {
        const owner = await parts.userId();
        const found = (await storage.list()).filter(({ userId }) => userId === owner);
        for (const { order } of found) lastOrder = Math.max(lastOrder, order);
        // What was given meanwhile is newer, whatever the clock said then and says now.
        const given = entries.map((entry) => ({ ...entry, order: ++lastOrder }));
        const known = new Set(given.map(({ id }) => id));
        const left = found.filter(({ id }) => !known.has(id)).sort((a, b) => a.order - b.order);
        show([...left, ...given]);
      } catch (error) {
        restored = undefined;
        if (!(error instanceof DeskwireError)) heard.emit('storage', asError(error));
      }
    })();
    return restored;
  }

  async function keep(act: () => void | Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      heard.emit('storage', asError(error));
    }
  }

  function laneOf(name: string): Lane {
    const lane = lanes.get(name) ?? { backoff: createBackoff(pace, surroundings), busy: false, callOff: undefined };
    lanes.set(name, lane);
    return lane;
  }

  function run(name: string): void {
    const lane = laneOf(name);
    const next = entries.find((entry) => entry.lane === name && entry.failed === undefined && entry.userId !== '');
    if (closed || lane.busy || next === undefined) return;
    lane.callOff?.();
    lane.callOff = undefined;
    lane.busy = true;
    void send(lane, next).finally(() => {
      lane.busy = false;
      if (lane.callOff === undefined) run(name);
    });
  }

  /** Never rejects. */
  async function send(lane: Lane, entry: OutboxEntry): Promise<void> {
    const { id } = entry;
    try {
      const answer = await parts.deliver(entry);
      lane.backoff.reset();
      await keep(() => storage.remove(id));
      heard.emit('done', { entry, answer });
      replace(id, undefined);
      settle(id)?.resolve(answer);
    } catch (thrown) {
      const error = asError(thrown);
      if (closed || !entries.some((one) => one.id === id)) return;
      if (comesAgain(error)) {
        replace(id, { ...entry, waitingFor: { code: error.code, message: error.message } });
        const wait = lane.backoff.next((error.retryAfter ?? 0) * 1_000);
        lane.callOff = surroundings.after(wait, () => {
          lane.callOff = undefined;
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
    await keep(() => (kept ? storage.put(stored(failed)) : storage.remove(entry.id)));
    replace(entry.id, kept ? failed : undefined);
    heard.emit('failed', { entry: failed, error });
    settle(entry.id)?.reject(error);
  }

  function settle(id: string): PromiseWithResolvers<unknown> | undefined {
    const waiting = pending.get(id)?.settle;
    pending.delete(id);
    return waiting;
  }

  return {
    on: heard.on,
    get entries() {
      return entries;
    },
    give,
    retry(id) {
      const entry = entries.find((one) => one.id === id);
      if (entry?.failed === undefined) return;
      const { failed: _, ...again } = entry;
      pending.set(id, { keepFailed: true, settle: undefined });
      replace(id, again);
      void keep(() => storage.put(stored(again))).then(() => run(entry.lane));
    },
    discard(id) {
      if (!entries.some((one) => one.id === id)) return;
      replace(id, undefined);
      settle(id)?.reject(closedError());
      void keep(() => storage.remove(id));
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
      for (const { callOff } of lanes.values()) callOff?.();
      for (const id of [...pending.keys()]) settle(id)?.reject(closedError());
      heard.clear();
    },
  };
}

function comesAgain(error: DeskwireError): boolean {
  if (HELD.has(error.code)) return true;
  // A page of something in between that refuses would refuse again.
  const final = error.code === 'bad_answer' && error.status !== undefined && error.status < 500;
  return isPassing(error) && !(final && error.status !== 408 && error.status !== 429 && error.status !== 404);
}

function stored({ waitingFor: _, ...entry }: OutboxEntry): StoredCommand {
  return entry;
}
