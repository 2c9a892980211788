/**
 * The actors, in the process of a command: whatever it does to users goes through the same decisions and the same log as
 * everything else. The log's versions are the fence: a server in which the same actor is active notices and reloads.
 */
import { userInfo } from 'node:os';
import { pino } from 'pino';
import { v7 as newId } from 'uuid';
import type { ActorSystem, CommandContext } from '../actors/actor-system.ts';
import { createActorSystem } from '../actors/local-actor-system.ts';
import { createSnapshotStore } from '../actors/snapshots.ts';
import { hintRelay } from '../broker/relay.ts';
import { createDirectory, ticketContextFrom } from '../directory/directory.ts';
import { referenceDecider } from '../domain/reference/decider.ts';
import { roomDecider } from '../domain/room/decider.ts';
import { ticketDecider } from '../domain/ticket/decider.ts';
import { userDecider } from '../domain/user/decider.ts';
import { systemAuthor } from '../domain/user/identity.ts';
import { createAppender } from '../eventlog/appender.ts';
import { createEventReader } from '../eventlog/reader.ts';
import type { Surroundings } from './surroundings.ts';

export interface CommandActors extends AsyncDisposable {
  readonly actors: ActorSystem;
  /** The operator at this machine, as the author of commands. */
  context(): CommandContext;
}

export async function startActors(on: Surroundings): Promise<CommandActors> {
  const pool = await on.pool();
  const { broker } = await on.broker();
  const reader = createEventReader(pool);
  const appender = createAppender(pool, { maxFlushEvents: 100, maxQueuedEvents: 1_000 });
  const stopHints = hintRelay({ appender, signals: broker.signals });
  const log = pino({ level: 'silent' });
  const snapshots = createSnapshotStore(pool);
  const directory = createDirectory({ reader, snapshots, broker, now: Date.now, log });
  const actors = createActorSystem({
    appender,
    reader,
    snapshots,
    deciders: { ticket: ticketDecider, user: userDecider, room: roomDecider, reference: referenceDecider },
    contextOf: { ticket: ticketContextFrom(directory) },
    now: Date.now,
    newId,
    log,
  });
  const name = `Operator ${userInfo().username}`;
  return {
    actors,
    context: () => ({
      commandId: `deskwire:operator:${newId()}`,
      by: systemAuthor('deskwire:operator', name),
      correlationId: newId(),
    }),
    async [Symbol.asyncDispose]() {
      await actors.close();
      directory.close();
      await appender.close();
      stopHints();
    },
  };
}
