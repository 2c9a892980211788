/**
 * `npm run smoke [URL]`: the flow of seed A's test guide against a running server, http://localhost:8080 by default.
 * Prints the guide's table of results; the exit code says whether all passed. Leaves nothing but a deleted ticket.
 */
import { runFlow } from '../test/conformance/seed-a/flow.ts';
import { report } from '../test/conformance/table.ts';

const url = (process.argv[2] ?? 'http://localhost:8080').replace(/\/$/, '');
try {
  const lines = await runFlow(url);
  process.stdout.write(report(lines));
  process.exitCode = lines.every(({ failure }) => failure === undefined) ? 0 : 1;
} catch (error) {
  process.stderr.write(`smoke: ${url} cannot be tested: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
