/** Second part of the runtime: the actors that decide commands, their snapshots, and their placement in the cluster. */
import type { ActorSystem } from '../actors/actor-system.ts';
import { createActorSystem } from '../actors/local-actor-system.ts';
import { codeFingerprint } from '../actors/placement/code-fingerprint.ts';
import { createPlacedActorSystem } from '../actors/placement/placed-actor-system.ts';
import { createSnapshotStore } from '../actors/snapshots.ts';
import { watchCommands } from '../actors/watch-commands.ts';
import { createNodeView } from '../cluster/node-view.ts';
import { createDirectory, type Directory, ticketContextFrom } from '../directory/directory.ts';
import { deciders } from '../domain/deciders.ts';
import type { RunningLog } from './log.ts';
import type { Shutdown } from './shutdown.ts';

export interface RunningActors {
  readonly actors: ActorSystem;
  readonly directory: Directory;
  /** Position of the newest event that a command from this process recorded, on any node. */
  readonly lastPosition: () => number;
  /** How many actors are in memory. */
  readonly active: () => number;
  /** Makes this process the owner of its share of the streams. Resolves when other nodes can reach it. */
  join(): Promise<void>;
  /** Gives up its share: other nodes run the new commands. */
  leave(): void;
}

/** Until `join`, a process sends the commands of streams that another node owns to that node, and owns none. */
export async function startActors(log: RunningLog, newId: () => string, shutdown: Shutdown): Promise<RunningActors> {
  const { appender, reader, broker, pool, epoch, telemetry, logger } = log;
  const snapshots = createSnapshotStore(pool, () => epoch.current);
  const directory = createDirectory({ reader, snapshots, broker, now: Date.now, log: logger });
  shutdown.defer('directory', () => directory.close());
  const local = createActorSystem({
    appender,
    reader,
    snapshots,
    deciders,
    contextOf: { ticket: ticketContextFrom(directory) },
    now: Date.now,
    newId,
    log: logger,
    onRefused: telemetry.metrics.refused,
  });
  // The gateway adds its listener later: clients that it disconnects come back to actors of the new history.
  epoch.onChanged(() => {
    local.forget();
    directory.forget();
  });
  const code = await codeFingerprint();
  const view = createNodeView({ self: newId(), code, broker, now: Date.now, log: logger });
  const placed = createPlacedActorSystem({
    local,
    view,
    code,
    requests: broker.requests,
    now: Date.now,
    log: logger,
  });
  shutdown.defer('actors', () => placed.close());
  return {
    actors: watchCommands(placed, telemetry),
    directory,
    lastPosition: () => Math.max(appender.lastPosition, placed.lastPosition),
    active: () => local.active,
    join: () => placed.join(),
    leave: () => placed.leave(),
  };
}
