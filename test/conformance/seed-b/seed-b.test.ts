/** Test seed B's flow against one started server, and against two. */
import { expect, it } from 'vitest';
import { startServers } from '../server.ts';
import { report } from '../table.ts';
import { runFlow } from './flow.ts';

it.each([
  ['websocket', 1],
  ['polling', 1],
  ['websocket', 2],
] as const)('passes the flow of seed B’s tables: ticket chat, over %s, with %i servers', async (transport, servers) => {
  await using server = await startServers(servers);
  const lines = await runFlow(server.url, { transports: [transport] });
  process.stdout.write(`\n${report(lines, `Seed B over ${transport}, servers: ${servers}`)}`);
  expect(lines.filter(({ failure }) => failure !== undefined)).toEqual([]);
});
