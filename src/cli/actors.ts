/**
 * The actors of a command's process: commands about users pass the same deciders and the same log as everything else.
 * This process owns no streams. It sends a command to the node that owns the stream, once it knows of that node. Until
 * then it decides itself: the log refuses a decision on an outdated version.
 */
import { userInfo } from 'node:os';
import { pino } from 'pino';
import { v7 as newId } from 'uuid';
import type { ActorSystem, CommandContext } from '../actors/actor-system.ts';
import type { UserEvent } from '../domain/user/events.ts';
import { OPERATOR_ID, systemAuthor } from '../domain/user/identity.ts';
import { startActors } from '../runtime/actors.ts';
import { startLog } from '../runtime/log.ts';
import { createShutdown } from '../runtime/shutdown.ts';
import { noTelemetry } from '../telemetry/telemetry.ts';
import type { Surroundings } from './surroundings.ts';

type AccountActivityData = Extract<UserEvent, { type: 'AccountActivityRecorded' }>['data'];

export interface CommandActors extends AsyncDisposable {
  readonly actors: ActorSystem;
  /** The operator at this machine, as the author of commands. */
  context(): CommandContext;
  /** Records what the operator did to the account of a user. */
  recordActivity(userId: string, activity: AccountActivityData): Promise<void>;
}

export async function startCommandActors(on: Surroundings): Promise<CommandActors> {
  await using stack = new AsyncDisposableStack();
  const shutdown = stack.use(createShutdown());
  const log = await startLog(
    {
      ...(await on.broker()),
      databaseUrl: (await on.services()).databaseUrl,
      pool: await on.pool(),
      relay: false,
      telemetry: noTelemetry,
      logger: pino({ level: 'silent' }),
    },
    shutdown,
  );
  const { actors } = await startActors(log, newId, shutdown);
  const name = `Operator ${userInfo().username}`;
  const owned = stack.move();
  const context = () => ({
    commandId: `deskwire:operator:${newId()}`,
    by: systemAuthor(OPERATOR_ID, name),
    correlationId: newId(),
  });
  return {
    actors,
    context,
    async recordActivity(userId, activity) {
      await actors.record('user', userId, { type: 'RecordAccountActivity', ...activity }, context());
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
