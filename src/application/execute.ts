/**
 * Gives commands to actors for clients that may repeat a request. A repetition gets the first outcome for ever: the
 * first events, and the state of the stream right after them, even if the stream or the access to it changed since
 * then. The same key with another request is refused.
 */
import { hash } from 'node:crypto';
import type { ActorKind, ActorKinds, CommandContext, CommandOutcome, RecordedCommand } from '../actors/actor-system.ts';
import { hasDailyQuotas } from '../domain/access.ts';
import { deciders } from '../domain/deciders.ts';
import { DeskwireError, type ErrorCode } from '../domain/errors.ts';
import { type Decider, type RecordedEvent, type Stream, streamOf } from '../domain/event.ts';
import type { UserFacts } from '../domain/user/identity.ts';
import type { Application } from './application.ts';
import { type Backends, backendsOf } from './backends.ts';

/** Events read at a time. */
const PAGE = 500;

/**
 * The outcome of a command; of a repetition, the state and version are of now, and only the events are of the first
 * time. Rejects as the actors do, and with `idempotency_key_reused` when the key was used for another request.
 */
export async function execute<K extends ActorKind>(
  application: Application,
  kind: K,
  id: string,
  command: ActorKinds[K]['command'],
  context: CommandContext,
): Promise<CommandOutcome<K>> {
  const outcome = await backendsOf(application).actors.execute(kind, id, command, context);
  if (outcome.duplicate) refuseAnother(outcome.events[0], context);
  return outcome;
}

/** As `execute`, without the state. */
export async function record<K extends ActorKind>(
  application: Application,
  kind: K,
  id: string,
  command: ActorKinds[K]['command'],
  context: CommandContext,
): Promise<RecordedCommand> {
  const outcome = await backendsOf(application).actors.record(kind, id, command, context);
  if (outcome.duplicate) refuseAnother(outcome.events[0], context);
  return outcome;
}

/** As `execute`, but the state of a repetition is also that of the first time. */
export async function executeForState<K extends ActorKind>(
  application: Application,
  kind: K,
  id: string,
  command: ActorKinds[K]['command'],
  context: CommandContext,
): Promise<CommandOutcome<K>> {
  const outcome = await execute(application, kind, id, command, context);
  const last = outcome.events.at(-1);
  if (!outcome.duplicate || last === undefined || last.version === outcome.version) return outcome;
  const state = await stateAt(backendsOf(application).history, kind, id, last.version);
  return { ...outcome, state, version: last.version };
}

export interface Spending {
  readonly user: UserFacts;
  /** The name of the quota. */
  readonly quota: string;
  readonly amount: number;
  readonly stream: Stream;
  readonly commandId: string;
  /** Whether the client named the command, so that it may be a repetition. */
  readonly named: boolean;
}

/**
 * Runs a command on a daily quota of the user. A command that is refused, or a repetition, costs nothing. A repetition
 * is therefore answered even when the quota is used up.
 */
export async function spendQuota<T extends { readonly duplicate: boolean }>(
  application: Application,
  { user, quota, amount, stream, commandId, named }: Spending,
  run: () => Promise<T>,
): Promise<T> {
  if (!hasDailyQuotas(user)) return run();
  const { quotas, history } = backendsOf(application);
  try {
    return await quotas.spend(user, quota, amount, async () => {
      const value = await run();
      return { value, spent: !value.duplicate };
    });
  } catch (error) {
    if (!named || !(error instanceof DeskwireError) || error.code !== 'rate_limited') throw error;
    if ((await history.readCommand(stream, commandId)).length === 0) throw error;
    return run();
  }
}

/** The fingerprint of a request. The order of fields makes no difference. */
export function fingerprintOf(input: unknown): string {
  return hash('sha256', JSON.stringify(input, inOrder) ?? '', 'base64url').slice(0, 22);
}

function inOrder(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * Claims the caller's key for a command that the log may have under another name, then runs it. Rejects with
 * `idempotency_key_reused` when the key belongs to another request. `keyed`: the context of the key.
 */
export async function withRequestKey<T>(
  application: Application,
  stream: Stream,
  { commandId, fingerprint }: CommandContext,
  run: () => Promise<T>,
): Promise<T> {
  // Without a fingerprint the caller gave no key.
  if (fingerprint === undefined) return run();
  const { requestKeys } = backendsOf(application);
  const key = { stream, commandId };
  refuseOther(await requestKeys.claim(key, fingerprint), fingerprint);
  try {
    return await run();
  } catch (error) {
    // After an outage it is unknown whether the log has the command.
    if (error instanceof DeskwireError && !KEPT.has(error.code)) await requestKeys.release(key);
    throw error;
  }
}

/** Refusals after which the key may belong to a recorded command. */
const KEPT: ReadonlySet<ErrorCode> = new Set(['unavailable', 'idempotency_key_reused']);

function refuseAnother(first: RecordedEvent | undefined, { fingerprint }: CommandContext): void {
  refuseOther(first?.metadata.fingerprint, fingerprint);
}

function refuseOther(recorded: string | undefined, fingerprint: string | undefined): void {
  if (recorded === undefined || fingerprint === undefined || recorded === fingerprint) return;
  throw new DeskwireError('idempotency_key_reused', 'This key was used for another request', {
    field: 'Idempotency-Key',
  });
}

async function stateAt<K extends ActorKind>(
  history: Backends['history'],
  kind: K,
  id: string,
  version: number,
): Promise<ActorKinds[K]['state']> {
  // The decider of a kind folds the events of that kind.
  const decider = deciders[kind] as Pick<Decider<ActorKinds[K]['state'], never, never>, 'initialState' | 'evolve'>;
  const stream = streamOf(kind, id);
  let state = decider.initialState();
  let after = 0;
  while (after < version) {
    const events = await history.readStream({ stream, after, limit: Math.min(PAGE, version - after) });
    if (events.length === 0) throw new Error(`${stream} ends before version ${version}`);
    for (const event of events) state = decider.evolve(state, event as RecordedEvent<never>);
    after += events.length;
  }
  return state;
}
