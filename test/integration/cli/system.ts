/** A running server on services of the test's own, and an operator beside it. */
import pg from 'pg';
import { createAppender } from '../../../src/eventlog/appender.ts';
import {
  getProjectionStatus,
  type ProjectionStatus,
  type ReadModelStatus,
} from '../../../src/projections/admin/status.ts';
import type { ProjectionName } from '../../../src/projections/catalog.ts';
import { DEMO_PASSWORD } from '../../../src/runtime/demo.ts';
import { launchServer, type ServerProcess } from '../../support/server-process.ts';
import { createDatabase, startNats } from '../../support/services.ts';
import { type Client, clientOf } from '../api/rig.ts';
import { type Commands, commandsOn } from './command.ts';

export interface System extends AsyncDisposable {
  readonly env: { readonly DATABASE_URL: string; readonly NATS_URL: string };
  readonly pool: pg.Pool;
  readonly deskwire: Commands;
  startServer(): Promise<void>;
  stopServer(): Promise<void>;
  anonymous(): Client;
  withToken(token: string): Client;
  signIn(email: string, password?: string): Promise<Client>;
  statusOf(name: ProjectionName): Promise<ProjectionStatus & { readonly serving: ReadModelStatus }>;
}

export async function startSystem(): Promise<System> {
  await using parts = new AsyncDisposableStack();
  const database = parts.use(await createDatabase());
  const nats = parts.use(await startNats());
  const env = { DATABASE_URL: database.url, NATS_URL: nats.url };
  const pool = new pg.Pool({ connectionString: database.url, max: 4 });
  pool.on('error', () => {});
  parts.defer(() => pool.end());
  let server: ServerProcess;
  let url: string;
  const startServer = async () => {
    server = launchServer({ ...env, DEMO_DATA: 'on', RATE_LIMIT: 'off', LOG_LEVEL: 'warn' });
    url = await server.ready;
  };
  await startServer();
  parts.defer(() => server[Symbol.asyncDispose]());
  const owned = parts.move();
  return {
    env,
    pool,
    deskwire: commandsOn(env),
    startServer,
    async stopServer() {
      server.signal('SIGTERM');
      const code = await server.exited;
      if (code !== 0) throw new Error(`the server ended with ${code}`);
    },
    anonymous: () => clientOf(url),
    withToken: (token) => clientOf(url, token),
    async signIn(email, password = DEMO_PASSWORD) {
      const { status, body } = await clientOf(url).send('POST', '/api/v1/auth/login', { email, password });
      if (status !== 200) throw new Error(`signing in answered ${status}`);
      return clientOf(url, body.access_token);
    },
    async statusOf(name) {
      const status = (await getProjectionStatus(pool)).find((one) => one.name === name);
      if (status?.serving === undefined) throw new Error(`no status of ${name}`);
      return { ...status, serving: status.serving };
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

export async function openTicket(
  client: Client,
  description = 'It does not work',
): Promise<{ id: string; position: number }> {
  const { status, headers, body } = await client.send('POST', '/api/v1/support', { description });
  if (status !== 201) throw new Error(`opening a ticket answered ${status}: ${JSON.stringify(body)}`);
  return { id: body.id, position: Number(headers.get('deskwire-position')) };
}

/** A ticket with many messages, straight into the log: 500 in each of the batches. */
export async function appendMany(pool: pg.Pool, stream: `ticket.${string}`, batches: number): Promise<void> {
  const appender = createAppender(pool, { maxFlushEvents: 500, maxQueuedEvents: 10_000 });
  for (let batch = 0; batch < batches; batch += 1) {
    const events = Array.from({ length: 500 }, (_, index) => {
      const id = crypto.randomUUID();
      return {
        id,
        type: 'MessagePosted' as const,
        data: { messageId: id, message: `${index}`, messageType: 'TEXT' as const, attachments: [], internal: false },
        metadata: { commandId: id, correlationId: id, actor: { id: '2', name: 'admin', role: 'admin' as const } },
      };
    });
    await appender.append({ stream, expectedVersion: batch * 500, events });
  }
  await appender.close();
}
