/**
 * The server itself as each user of `deploy/nats.conf`: seed A's flow, and not one refusal in the log of nats-server.
 */
import { pino } from 'pino';
import { expect, inject, it } from 'vitest';
import { readConfig } from '../../../src/runtime/config.ts';
import { start } from '../../../src/runtime/server.ts';
import { runFlow } from '../../conformance/seed-a/flow.ts';
import { createDatabase } from '../../support/services.ts';
import { type NatsUser, startDeployedNats } from './nats-users.ts';

interface Process {
  readonly user: NatsUser;
  readonly roles: string;
}

const log = pino({ level: 'silent' });
const together: readonly Process[] = [
  { user: 'all', roles: 'api,gateway,projector,relay' },
  { user: 'all', roles: 'api,gateway,projector,relay' },
];
const apart: readonly Process[] = [
  { user: 'relay', roles: 'relay' },
  { user: 'node', roles: 'api,gateway,projector' },
  { user: 'gateway', roles: 'api,gateway' },
];

it.each([
  ['every role in each process', together],
  ['the roles apart', apart],
])('serves with %s, and nobody is refused anything', async (_how, processes) => {
  await using database = await createDatabase();
  await using nats = await startDeployedNats();
  await using running = new AsyncDisposableStack();
  for (const { user, roles } of processes) {
    const services = { DATABASE_URL: database.url, NATS_URL: nats.urlOf(user), DATA_DIR: inject('services').directory };
    const demo = roles === 'relay' ? 'off' : 'on';
    const server = await start(readConfig({ PORT: '0', ROLES: roles, DEMO_DATA: demo, ...services }), log);
    running.defer(() => server.close());
    if (roles === 'relay') continue;
    const lines = await runFlow(server.url);
    expect(lines.filter(({ failure }) => failure !== undefined)).toEqual([]);
  }
  expect((await nats.log()).split('\n').filter((line) => /violation/i.test(line))).toEqual([]);
});
