/** Processes with a relay on one database and one NATS server, for the tests of the relay and the broker. */
import { randomUUID } from 'node:crypto';
import { connect, type JetStreamManager } from 'nats';
import pg from 'pg';
import { pino } from 'pino';
import { expect } from 'vitest';
import type { BrokerConnection } from '../../../src/broker/broker-connection.ts';
import { connectBroker } from '../../../src/broker/connection.ts';
import type { Broker } from '../../../src/broker/port.ts';
import { createRelay, type Relay } from '../../../src/broker/relay.ts';
import type { RecordedEvent } from '../../../src/domain/event.ts';
import { createAppender } from '../../../src/eventlog/appender.ts';
import {
  type DedicatedConnectionOptions,
  openDedicatedConnection,
} from '../../../src/eventlog/dedicated-connection.ts';
import { renewEpoch } from '../../../src/eventlog/epoch.ts';
import type { Appender, EventReader } from '../../../src/eventlog/event-log.ts';
import { createEventReader } from '../../../src/eventlog/reader.ts';
import { testKeys } from '../../support/cluster-keys.ts';
import { messageAppend } from '../../support/events.ts';
import { type ControlledNats, createDatabase, startNats, type TestDatabase } from '../../support/services.ts';
import { until } from '../../support/until.ts';

const log = pino({ level: 'silent' });
export const STREAM = 'deskwire-events';

/** One process of a deployment: its own connections, appender and relay. */
export interface Node {
  readonly broker: Broker;
  readonly connection: BrokerConnection;
  readonly appender: Appender;
  readonly reader: EventReader;
  readonly relay: Relay;
  /** Positions that the node's relay read from Postgres. */
  readonly reads: number[];
  /** Dedicated connections that the node's relay opened. */
  connections: number;
  /** While true, the node's relay finds no events in Postgres. */
  blind: boolean;
  close(): Promise<void>;
}

export interface RelayNodes extends AsyncDisposable {
  readonly database: TestDatabase;
  readonly nats: ControlledNats;
  readonly manager: JetStreamManager;
  start(connection?: DedicatedConnectionOptions): Promise<Node>;
  /** The events in JetStream, by sequence. */
  stored(): Promise<RecordedEvent[]>;
  untilStored(position: number): Promise<void>;
}

export async function createRelayNodes(): Promise<RelayNodes> {
  const [database, nats] = await Promise.all([createDatabase(), startNats({ controlled: true })]);
  const observer = await connect({ servers: nats.url, maxReconnectAttempts: -1, reconnectTimeWait: 50 });
  const manager = await observer.jetstreamManager({ timeout: 500 });
  const nodes = new Set<Node>();

  async function start(dedicated: DedicatedConnectionOptions = {}): Promise<Node> {
    const pool = new pg.Pool({ connectionString: database.url, max: 5 });
    pool.on('error', () => undefined);
    const appender = createAppender(pool, { maxFlushEvents: 500, maxQueuedEvents: 10_000 });
    const reader = createEventReader(pool);
    const { broker, connection } = await connectBroker({
      url: nats.url,
      namespace: 'deskwire',
      keys: testKeys(),
      name: 'test',
      log,
    });
    const reads: number[] = [];
    const relay = createRelay({
      connection,
      signals: broker.signals,
      appender,
      reader: {
        head: reader.head,
        async readLog(after, limit) {
          const events = node.blind ? [] : await reader.readLog(after, limit);
          reads.push(...events.map((event) => event.position));
          return events;
        },
      },
      renewEpoch: (expected) => renewEpoch(pool, expected),
      async openDedicatedConnection() {
        node.connections += 1;
        return openDedicatedConnection({ connectionString: database.url }, 'relay', dedicated);
      },
      log,
    });
    const node: Node = {
      broker,
      connection,
      appender,
      reader,
      relay,
      reads,
      connections: 0,
      blind: false,
      async close() {
        if (!nodes.delete(node)) return;
        await appender.close();
        await relay.close();
        await broker.close();
        await pool.end();
      },
    };
    nodes.add(node);
    return node;
  }

  return {
    database,
    nats,
    manager,
    start,
    async stored() {
      const { state } = await manager.streams.info(STREAM);
      const events: RecordedEvent[] = [];
      for (let seq = state.first_seq; seq <= state.last_seq && state.messages > 0; seq += 1) {
        const message = await manager.streams.getMessage(STREAM, { seq });
        expect(message.seq).toBe(message.json<RecordedEvent>().position);
        events.push(message.json<RecordedEvent>());
      }
      return events;
    },
    async untilStored(position) {
      await until(async () => (await manager.streams.info(STREAM)).state.last_seq === position, `position ${position}`);
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...nodes].map((node) => node.close()));
      await observer.close();
      await nats[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    },
  };
}

/** Appends `count` events to new streams; returns them in position order. */
export async function append(node: Node, count: number): Promise<RecordedEvent[]> {
  const outcomes = await Promise.all(
    Array.from({ length: count }, () => node.appender.append(messageAppend(`ticket.${randomUUID()}`, 0))),
  );
  const events = outcomes.flatMap((outcome) => (outcome.outcome === 'appended' ? outcome.events : []));
  return events.toSorted((a, b) => a.position - b.position);
}
