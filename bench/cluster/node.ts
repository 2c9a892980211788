/** A node of the placement benchmark: actors on the real log, placed in the cluster, or alone. */
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { pino } from 'pino';
import { v7 as newId } from 'uuid';
import type { ActorSystem } from '../../src/actors/actor-system.ts';
import { connectBroker } from '../../src/broker/connection.ts';
import { DeskwireError } from '../../src/domain/errors.ts';
import type { UserFacts } from '../../src/domain/user/identity.ts';
import { startActors } from '../../src/runtime/actors.ts';
import { startLog } from '../../src/runtime/log.ts';
import { createShutdown } from '../../src/runtime/shutdown.ts';
import { noTelemetry } from '../../src/telemetry/telemetry.ts';
import { testKeys } from '../../test/support/cluster-keys.ts';
import { newMessagePosted } from '../support/events.ts';
import { serveCalls } from '../support/worker.ts';

const AGENT: UserFacts = { id: '4', name: 'agent', role: 'agent', active: true };

/** What one node did in one turn. */
export interface NodeTurn {
  readonly posted: number;
  /** Commands that lost to other writers too often. */
  readonly refused: number;
  /** Milliseconds of each command that was answered. */
  readonly latencies: readonly number[];
}

const nodes: Record<'placed' | 'alone', ActorSystem | undefined> = { placed: undefined, alone: undefined };
const closing = new AsyncDisposableStack();

serveCalls(
  {
    async open({ databaseUrl, natsUrl }: { databaseUrl: string; natsUrl: string }) {
      const logger = pino({ level: 'silent' });
      const pool = closing.adopt(new pg.Pool({ connectionString: databaseUrl, max: 10 }), (open) => open.end());
      for (const side of ['alone', 'placed'] as const) {
        const shutdown = closing.use(createShutdown());
        // A namespace that no other process uses: its node knows of no other, and decides everything itself.
        const namespace = side === 'placed' ? 'bench' : `bench-${newId()}`;
        const connected = await connectBroker({
          url: natsUrl,
          namespace,
          keys: testKeys(),
          name: 'bench',
          log: logger,
        });
        shutdown.defer('broker', () => connected.broker.close());
        const options = { ...connected, databaseUrl, pool, relay: false, telemetry: noTelemetry, logger };
        const running = await startActors(await startLog(options, shutdown), newId, shutdown);
        if (side === 'placed') await running.join();
        nodes[side] = running.actors;
      }
    },
    async openTickets(ids: readonly string[]) {
      const command = {
        type: 'OpenTicket',
        number: 1,
        requester: { id: '4', name: 'agent' },
        description: 'hot',
        category: 'general',
        priority: 'medium',
        tags: [],
      } as const;
      for (const id of ids) await nodes.alone?.execute('ticket', id, command, contextOf());
    },
    async post(turn: {
      side: 'placed' | 'alone';
      ids: readonly string[];
      loops: number;
      seconds: number;
    }): Promise<NodeTurn> {
      const actors = nodes[turn.side];
      if (actors === undefined) throw new Error('not open');
      const deadline = performance.now() + turn.seconds * 1_000;
      const latencies: number[] = [];
      let refused = 0;
      await Promise.all(
        Array.from({ length: turn.loops }, async (_, loop) => {
          const id = turn.ids[loop % turn.ids.length] ?? '';
          while (performance.now() < deadline) {
            const command = { type: 'PostMessage', ...newMessagePosted().data } as const;
            const began = performance.now();
            try {
              await actors.record('ticket', id, command, contextOf());
              latencies.push(performance.now() - began);
            } catch (error) {
              if (!(error instanceof DeskwireError)) throw error;
              refused += 1;
            }
          }
        }),
      );
      return { posted: latencies.length, refused, latencies };
    },
  },
  () => closing.disposeAsync(),
);

function contextOf() {
  const commandId = `4:message:${randomUUID()}`;
  return { commandId, by: AGENT, correlationId: commandId };
}
