/** The part of a node that runs commands: actors on the real log, placed over the real broker. */
import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import type { ActorSystem } from '../../../src/actors/actor-system.ts';
import { createPlacedActorSystem, type PlacedActorSystem } from '../../../src/actors/placement/placed-actor-system.ts';
import { connectBroker } from '../../../src/broker/connection.ts';
import type { Broker } from '../../../src/broker/port.ts';
import { createNodeView, type NodeView } from '../../../src/cluster/node-view.ts';
import { testKeys } from '../../support/cluster-keys.ts';
import { startProcess } from '../actors/process.ts';

export interface TestNode extends AsyncDisposable {
  readonly id: string;
  readonly actors: PlacedActorSystem;
  /** The actors of this process, which run the commands of this node. */
  readonly local: ActorSystem;
  readonly view: NodeView;
  readonly broker: Broker;
  /** The ids of the commands that ran here. */
  readonly ran: string[];
}

export interface TestNodeOptions {
  readonly databaseUrl: string;
  readonly natsUrl: string;
  readonly id?: string;
  readonly code?: string;
  /** Milliseconds by which the clock of this node is ahead. */
  readonly clockError?: number;
  readonly patience?: number;
  /** Replaces the execution of commands at this node. */
  readonly execute?: ActorSystem['execute'];
}

export async function startNode(options: TestNodeOptions): Promise<TestNode> {
  const { id = randomUUID(), code = 'this code', clockError = 0 } = options;
  const log = pino({ level: 'silent' });
  const process = startProcess(options.databaseUrl);
  const { broker } = await connectBroker({
    url: options.natsUrl,
    namespace: 'deskwire',
    keys: testKeys(),
    name: id,
    log,
  });
  const now = () => Date.now() + clockError;
  const view = createNodeView({ self: id, code, broker, now, log });
  const ran: string[] = [];
  const local: ActorSystem = {
    ...process.actors,
    execute(kind, streamId, command, context) {
      ran.push(context.commandId);
      return (options.execute ?? process.actors.execute)(kind, streamId, command, context);
    },
  };
  const actors = createPlacedActorSystem({
    local: { ...local, record: local.execute },
    view,
    code,
    requests: broker.requests,
    now,
    log,
    ...(options.patience !== undefined && { patience: options.patience }),
  });
  await actors.join();
  return {
    id,
    actors,
    local,
    view,
    broker,
    ran,
    async [Symbol.asyncDispose]() {
      await actors.close();
      await process[Symbol.asyncDispose]();
      await broker.close();
    },
  };
}
