/**
 * People at work while services come and go: one posts without pause on one node, another listens on the other, and
 * both write down what they were told. Afterwards their accounts must agree with the log and with every read model.
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

/** Two nodes, as `npm start` runs them. */
export async function deploy(databaseUrl: string, natsUrl: string): Promise<Deployment> {
  await using parts = new AsyncDisposableStack();
  const config = readConfig({
    ...{ PORT: '0', DATABASE_URL: databaseUrl, NATS_URL: natsUrl },
    ...{ DEMO_DATA: 'on', RATE_LIMIT: 'off', DATA_DIR: inject('services').directory },
  });
  const log = pino({ level: process.env.TEST_LOG ?? 'silent' });
  const launch = async () => {
    const server = await start(config, log);
    parts.defer(() => server.close());
    return server;
  };
  const nodes = [await launch(), await launch()] as const;
  const owned = parts.move();
  return { nodes, databaseUrl, natsUrl, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

export interface Traffic extends AsyncDisposable {
  /** How many messages were acknowledged so far. */
  readonly acknowledged: number;
  /** Resolves when `count` more are. */
  goesOn(count: number): Promise<void>;
  /** Ends the posting, then fails unless everything acknowledged is everywhere exactly once and in order. */
  settles(): Promise<void>;
}

const PATIENCE = { timeoutMs: 60_000, everyMs: 50 };

export async function startTraffic({ nodes, databaseUrl, natsUrl }: Deployment): Promise<Traffic> {
  const driver = await signIn(nodes[0].url, 'driver');
  const agent = await signIn(nodes[1].url, 'agent');
  const { id: ticketId } = await openTicket(driver);
  const listener = agent.connect('/', { reconnectionDelayMax: 500 });
  await joinForGood(listener, ticketId);

  const acknowledged: string[] = [];
  let ended = false;
  const posting = (async () => {
    while (!ended) {
      const message = `message ${acknowledged.length + 1}`;
      const body = { message, clientMessageId: randomUUID() };
      // The same message until it is acknowledged: whether the one before it got through, nobody can tell.
      await until(async () => (await post(driver, ticketId, body)) === 201, `${message} to be acknowledged`, PATIENCE);
      acknowledged.push(message);
    }
  })();
  posting.catch(() => undefined); // `settles` reports it.

  const heard = () => listener.all('new_message').map(({ message }) => String(message.message));

  return {
    get acknowledged() {
      return acknowledged.length;
    },
    async goesOn(count) {
      const enough = acknowledged.length + count;
      await until(() => acknowledged.length >= enough, `${count} more messages`, PATIENCE);
    },
    async settles() {
      ended = true;
      await posting;
      await until(() => heard().length >= acknowledged.length, 'the listener to hear everything', PATIENCE);
      expect(heard()).toEqual(acknowledged);
      await expectReadModels(agent, ticketId, acknowledged);
      await expectGapless(databaseUrl, natsUrl);
      for (const { url } of nodes) await until(async () => (await fetch(`${url}/readyz`)).ok, 'readiness', PATIENCE);
    },
    async [Symbol.asyncDispose]() {
      ended = true;
      listener[Symbol.dispose]();
      await posting.catch(() => undefined);
    },
  };
}

/** As a client should: joins on every connection, with the last version that it heard. */
async function joinForGood(listener: Listener, ticketId: string): Promise<void> {
  const first = Promise.withResolvers<void>();
  const join = async () => {
    const after = listener.all('new_message').at(-1)?.version;
    const answer = await listener.ask('join_ticket', { ticketId, ...(after !== undefined && { after }) });
    return answer.success;
  };
  listener.socket.on('connect', () => void until(join, 'joining', PATIENCE).then(() => first.resolve(), first.reject));
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
    PATIENCE,
  );
  const { body } = await agent.send('GET', path);
  const shown: string[] = body.messages.map(({ message }: { message: string }) => message);
  expect(shown).toEqual(acknowledged.slice(-50));
}

/** The log has no gap, each message once, and JetStream ends where the log does. */
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
    await until(relayed, 'the relay to have published everything', PATIENCE);
  } finally {
    await connection.close();
    await pool.end();
  }
}
