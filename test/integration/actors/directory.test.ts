/** The directories of two processes on a real log and a real nats-server. */
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createSnapshotStore } from '../../../src/actors/snapshots.ts';
import { connectBroker } from '../../../src/broker/connection.ts';
import { createRelay } from '../../../src/broker/relay.ts';
import { createDirectory, type Directory, type DirectoryChange } from '../../../src/directory/directory.ts';
import { openDedicatedConnection } from '../../../src/eventlog/dedicated-connection.ts';
import { renewEpoch } from '../../../src/eventlog/epoch.ts';
import { testKeys } from '../../support/cluster-keys.ts';
import { type ControlledNats, createDatabase, startNats, type TestDatabase } from '../../support/services.ts';
import { until } from '../../support/until.ts';
import { context } from '../../unit/actors/desk.ts';
import { admin, service } from '../../unit/domain/people.ts';
import { startProcess, type TestProcess } from './process.ts';

interface Node {
  readonly process: TestProcess;
  readonly directory: Directory;
  readonly changes: DirectoryChange[];
}

const log = pino({ level: 'silent' });
const resources = new AsyncDisposableStack();
let database: TestDatabase;
let nats: ControlledNats;
let one: Node;
let two: Node;

beforeAll(async () => {
  database = resources.use(await createDatabase());
  nats = resources.use(await startNats({ controlled: true }));
  one = await startNode();
  two = await startNode();
});
afterAll(() => resources.disposeAsync());
beforeEach(() => {
  two.changes.length = 0;
});

async function startNode(): Promise<Node> {
  const process = resources.use(startProcess(database.url));
  const { pool, reader, appender } = process;
  const { broker, connection } = await connectBroker({
    url: nats.url,
    namespace: 'deskwire',
    keys: testKeys(),
    name: 'test',
    log,
  });
  resources.defer(() => broker.close());
  const relay = createRelay({
    connection,
    signals: broker.signals,
    appender,
    reader,
    renewEpoch: (expected) => renewEpoch(pool, expected),
    openDedicatedConnection: () => openDedicatedConnection({ connectionString: database.url }, 'relay'),
    log,
  });
  resources.defer(() => relay.close());
  const directory = createDirectory({ reader, snapshots: createSnapshotStore(pool), broker, now: Date.now, log });
  resources.defer(() => directory.close());
  const changes: DirectoryChange[] = [];
  directory.onChanged((change) => changes.push(change));
  return { process, directory, changes };
}

async function register(id: string): Promise<void> {
  const command = { type: 'RegisterUser', name: `user ${id}`, role: 'driver' } as const;
  await one.process.actors.execute('user', id, command, context(service));
}

async function deactivate(id: string): Promise<void> {
  await one.process.actors.execute('user', id, { type: 'ChangeUser', active: false }, context(admin));
}

it('learn at once that a user was deactivated in another process', async () => {
  await register('a');
  await until(() => two.changes.length > 0, 'the registration to arrive');
  expect(await two.directory.user('a')).toMatchObject({ active: true });
  await deactivate('a');
  await until(() => two.changes.length > 1, 'the change to arrive');
  expect(await two.directory.user('a')).toMatchObject({ active: false });
});

it('learn after a reconnection of changes during the disconnection', async () => {
  await register('b');
  expect(await two.directory.user('b')).toMatchObject({ active: true });
  await until(() => two.changes.length > 0, 'the registration to arrive');
  two.changes.length = 0;
  await nats.kill();
  await deactivate('b');
  await nats.start();
  await until(() => two.changes.some(({ id }) => id === 'b'), 'the change to be notified');
  expect(await two.directory.user('b')).toMatchObject({ active: false });
});

it('find references like users', async () => {
  const reference = { type: 'grn', id: 'g', vendorId: 'v', verifiedBy: '6' } as const;
  await one.process.actors.execute('reference', 'grn-g', { type: 'SetReference', reference }, context(service));
  expect(await two.directory.relations({ grnId: 'g', dispatchId: null })).toEqual({
    vendorIds: ['v'],
    grnVerifiedBy: '6',
  });
});
