/** A node of the placement benchmark: actors on the real log, placed over the real broker, or each node for itself. */
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { pino } from 'pino';
import { v7 as newId } from 'uuid';
import type { ActorSystem } from '../../src/actors/actor-system.ts';
import { createActorSystem } from '../../src/actors/local-actor-system.ts';
import { codeFingerprint } from '../../src/actors/placement/code-fingerprint.ts';
import { createPlacedActorSystem } from '../../src/actors/placement/placed-actor-system.ts';
import { createSnapshotStore } from '../../src/actors/snapshots.ts';
import { connectBroker } from '../../src/broker/connection.ts';
import { createNodeView } from '../../src/cluster/node-view.ts';
import { DeskwireError } from '../../src/domain/errors.ts';
import { referenceDecider } from '../../src/domain/reference/decider.ts';
import { roomDecider } from '../../src/domain/room/decider.ts';
import { ticketDecider } from '../../src/domain/ticket/decider.ts';
import { userDecider } from '../../src/domain/user/decider.ts';
import type { UserFacts } from '../../src/domain/user/identity.ts';
import { createAppender } from '../../src/eventlog/appender.ts';
import { createEventReader } from '../../src/eventlog/reader.ts';
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
      const log = pino({ level: 'silent' });
      const pool = closing.adopt(new pg.Pool({ connectionString: databaseUrl, max: 10 }), (open) => open.end());
      const { broker } = await connectBroker({ url: natsUrl, namespace: 'bench', name: 'bench', log });
      closing.defer(() => broker.close());
      const appender = createAppender(pool, { maxFlushEvents: 500, maxQueuedEvents: 50_000 });
      closing.defer(() => appender.close());
      const local = () =>
        createActorSystem({
          appender,
          reader: createEventReader(pool),
          snapshots: createSnapshotStore(pool),
          deciders: { ticket: ticketDecider, user: userDecider, room: roomDecider, reference: referenceDecider },
          contextOf: { ticket: () => ({ relations: { vendorIds: [] } }) },
          now: Date.now,
          newId,
          log,
        });
      nodes.alone = local();
      const code = await codeFingerprint();
      const view = createNodeView({ self: newId(), code, broker, now: Date.now, log });
      const common = { view, code, requests: broker.requests, now: Date.now, log };
      const placed = createPlacedActorSystem({ local: local(), ...common });
      closing.defer(() => placed.close());
      await placed.join();
      nodes.placed = placed;
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
