/** Test seed A's flow against a started server. */
import { expect, it } from 'vitest';
import { startServer } from '../server.ts';
import { report } from '../table.ts';
import { runFlow } from './flow.ts';

it.each(['websocket', 'polling'])('passes the flow of seed A’s test guide, over %s', async (transport) => {
  await using server = await startServer();
  const lines = await runFlow(server.url, undefined, { transports: [transport] });
  process.stdout.write(`\n${report(lines, `Seed A over ${transport}`)}`);
  expect(lines.filter(({ failure }) => failure !== undefined)).toEqual([]);
});
