/** The server itself as a user of `deploy/nats.conf`: seed A's flow, and not one refusal in the log of nats-server. */
import { pino } from 'pino';
import { expect, inject, it } from 'vitest';
import { readConfig } from '../../../src/config.ts';
import { start } from '../../../src/server.ts';
import { runFlow } from '../../conformance/seed-a/flow.ts';
import { createDatabase } from '../../support/services.ts';
import { startDeployedNats } from './nats-users.ts';

it('serves two nodes with every role as the user `all`', async () => {
  await using database = await createDatabase();
  await using nats = await startDeployedNats();
  const services = { DATABASE_URL: database.url, NATS_URL: nats.urlOf('all'), DATA_DIR: inject('services').directory };
  const env = { PORT: '0', DEMO_DATA: 'on', ...services };
  const log = pino({ level: 'silent' });
  await using nodes = new AsyncDisposableStack();
  for (let i = 0; i < 2; i += 1) {
    const node = await start(readConfig(env), log);
    nodes.defer(() => node.close());
    const lines = await runFlow(node.url);
    expect(lines.filter(({ failure }) => failure !== undefined)).toEqual([]);
  }
  expect((await nats.log()).split('\n').filter((line) => /violation/i.test(line))).toEqual([]);
});
