/** Seed A's test guide against the started server. */
import { pino } from 'pino';
import { expect, inject, it } from 'vitest';
import { readConfig } from '../../../src/config.ts';
import { start } from '../../../src/server.ts';
import { createDatabase, startNats } from '../../support/services.ts';
import { report, runFlow } from './flow.ts';

it('passes the flow of seed A’s own test guide', async () => {
  await using database = await createDatabase();
  await using nats = await startNats();
  const services = { DATABASE_URL: database.url, NATS_URL: nats.url, DATA_DIR: inject('services').directory };
  const config = readConfig({ PORT: '0', DEMO_DATA: 'on', ...services });
  const server = await start(config, pino({ level: 'silent' }));
  try {
    const lines = await runFlow(server.url);
    process.stdout.write(`\n${report(lines)}`);
    expect(lines.filter(({ failure }) => failure !== undefined)).toEqual([]);
  } finally {
    await server.close();
  }
});
