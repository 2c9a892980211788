/** Seed A's test guide against the started server. */
import { expect, it } from 'vitest';
import { startServer } from '../server.ts';
import { report } from '../table.ts';
import { runFlow } from './flow.ts';

it('passes the flow of seed A’s own test guide', async () => {
  await using server = await startServer();
  const lines = await runFlow(server.url);
  process.stdout.write(`\n${report(lines)}`);
  expect(lines.filter(({ failure }) => failure !== undefined)).toEqual([]);
});
