/**
 * The load of the outage tests: a driver posts without pause on one node, an agent listens on the other node.
 * Afterwards the acknowledged messages must equal those that the agent received, those in the log and those in the read
 * models.
 */
import { randomUUID } from 'node:crypto';
import { connect } from 'nats';
import pg from 'pg';
import { pino } from 'pino';
import { expect, inject } from 'vitest';
import { createEventReader } from '../../../src/eventlog/reader.ts';
import { readConfig } from '../../../src/runtime/config.ts';
import { type Server, start } from '../../../src/runtime/server.ts';
import { until } from '../../support/until.ts';
import { type Client, type Listener, openTicket, signIn } from '../gateway/rig.ts';

export interface Deployment extends AsyncDisposable {
  readonly nodes: readonly [Server, Server];
  readonly databaseUrl: string;
  readonly natsUrl: string;
}

/** Starts two nodes, as `npm start` runs them. */
export async function deploy(databaseUrl: string, natsUrl: string): Promise<Deployment> {
  await using started = new AsyncDisposableStack();
  const config = readConfig({
    PORT: '0',
    DATABASE_URL: databaseUrl,
    NATS_URL: natsUrl,
    DEMO_DATA: 'on',
    RATE_LIMIT: 'off',
    DATA_DIR: inject('services').directory,
  });
  const log = pino({ level: process.env.TEST_LOG ?? 'silent' });
  const startNode = async () => {
    const server = await start(config, log);
    started.defer(() => server.close());
    return server;
  };
  const nodes = [await startNode(), await startNode()] as const;
  const owned = started.move();
  return { nodes, databaseUrl, natsUrl, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

export interface Traffic extends AsyncDisposable {
  /** The number of messages that were acknowledged so far. */
  readonly acknowledged: number;
  /** Resolves when `count` more messages are acknowledged. */
  postsMore(count: number): Promise<void>;
  /**
   * Ends the posting. Rejects unless every acknowledged message arrived, is in the log and is shown, once and in order.
   */
  finishes(): Promise<void>;
}

const TIMEOUT = { timeoutMs: 60_000, everyMs: 50 };

export async function startTraffic({ nodes, databaseUrl, natsUrl }: Deployment): Promise<Traffic> {
  const driver = await signIn(nodes[0].url, 'driver');
  const agent = await signIn(nodes[1].url, 'agent');
  const { id: ticketId } = await openTicket(driver);
  const listener = agent.connect('/', { reconnectionDelayMax: 500 });
  await joinOnEveryConnection(listener, ticketId);

  const acknowledged: string[] = [];
  let ended = false;
  const posting = (async () => {
    while (!ended) {
      const message = `message ${acknowledged.length + 1}`;
      const body = { message, clientMessageId: randomUUID() };
      // The same message is posted until it is acknowledged, because a failed attempt may have been recorded.
      await until(async () => (await post(driver, ticketId, body)) === 201, `${message} to be acknowledged`, TIMEOUT);
      acknowledged.push(message);
    }
  })();
  posting.catch(() => undefined); // `finishes` reports the error.

  const received = () => listener.all('new_message').map(({ message }) => String(message.message));

  return {
    get acknowledged() {
      return acknowledged.length;
    },
    async postsMore(count) {
      const enough = acknowledged.length + count;
      await until(() => acknowledged.length >= enough, `${count} more messages`, TIMEOUT);
    },
    async finishes() {
      ended = true;
      await posting;
      await until(() => received().length >= acknowledged.length, 'the listener to receive everything', TIMEOUT);
      expect(received()).toEqual(acknowledged);
      await expectReadModels(agent, ticketId, acknowledged);
      await expectGapless(databaseUrl, natsUrl);
      for (const { url } of nodes) await until(async () => (await fetch(`${url}/readyz`)).ok, 'readiness', TIMEOUT);
    },
    async [Symbol.asyncDispose]() {
      ended = true;
      listener[Symbol.dispose]();
      await posting.catch(() => undefined);
    },
  };
}

/** Joins the ticket on every connection, after the last received version, as clients should do. */
async function joinOnEveryConnection(listener: Listener, ticketId: string): Promise<void> {
  const first = Promise.withResolvers<void>();
  const join = async () => {
    const after = listener.all('new_message').at(-1)?.version;
    const answer = await listener.ask('join_ticket', { ticketId, ...(after !== undefined && { after }) });
    return answer.success;
  };
  listener.socket.on('connect', () => void until(join, 'joining', TIMEOUT).then(() => first.resolve(), first.reject));
  await first.promise;
}

async function post(driver: Client, ticketId: string, body: object): Promise<number> {
  const { status } = await driver.send('POST', `/api/tickets/${ticketId}/chat`, body);
  return status;
}

async function expectReadModels(agent: Client, ticketId: string, acknowledged: readonly string[]): Promise<void> {
  const path = `/api/tickets/${ticketId}/chat?limit=50`;
  await until(
    async () => (await agent.send('GET', path)).body.pagination?.total === acknowledged.length,
    'the messages in the read model',
    TIMEOUT,
  );
  const { body } = await agent.send('GET', path);
  const shown: string[] = body.messages.map(({ message }: { message: string }) => message);
  expect(shown).toEqual(acknowledged.slice(-50));
}

/** Expects a log without a gap and with each message once, and a JetStream stream that ends at the log's head. */
async function expectGapless(databaseUrl: string, natsUrl: string): Promise<void> {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 1 });
  const connection = await connect({ servers: natsUrl });
  try {
    const reader = createEventReader(pool);
    const { position } = await reader.head();
    const events = await reader.readLog(0, position + 1);
    expect(events.map((event) => event.position)).toEqual(events.map((_, index) => index + 1));
    const posted = events.filter(({ type }) => type === 'MessagePosted');
    expect(new Set(posted.map(({ metadata }) => metadata.commandId)).size).toBe(posted.length);
    const manager = await connection.jetstreamManager({ timeout: 500 });
    const relayed = async () => (await manager.streams.info('deskwire-events')).state.last_seq === position;
    await until(relayed, 'the relay to have published everything', TIMEOUT);
  } finally {
    await connection.close();
    await pool.end();
  }
}
