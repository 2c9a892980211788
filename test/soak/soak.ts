/**
 * `npm run soak`: a server under steady chat, two of whose clients stop reading again and again. The server's memory
 * must not grow. Each of the two clients must be cut off, and must have received exactly the recorded messages in the
 * end. Takes SOAK_SECONDS (180). Uses DATABASE_URL and NATS_URL when they are set, else services of its own. Prints the
 * result as JSON.
 *
 * The server is this process and the clients are another one, so that the heap is the server's alone. Each sample is
 * taken after a garbage collection. The median of the last third is compared with that of the middle third, because
 * caches have filled up by then.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '../../src/runtime/config.ts';
import { start } from '../../src/runtime/server.ts';
import { createLogger } from '../../src/telemetry/logging.ts';
import type { Received } from './clients.ts';

const OUTBOUND_LIMIT = 256 * 1024;
/** A heap that grows by a smaller factor counts as flat; garbage collection alone makes samples differ that much. */
const FLAT = 1.15;
const SAMPLES = 60;
/** Milliseconds between two samples at least; a collection takes about ten milliseconds. */
const LEAST_PAUSE = 400;

const collect = globalThis.gc;
if (collect === undefined) throw new Error('start it with node --expose-gc');
const seconds = Number(process.env.SOAK_SECONDS ?? 180);
const directory = await mkdtemp(join(tmpdir(), 'deskwire-soak-'));
const env = {
  PORT: '0',
  RATE_LIMIT: 'off',
  DEMO_DATA: 'on',
  DATA_DIR: directory,
  OUTBOUND_LIMIT: String(OUTBOUND_LIMIT),
  DATABASE_URL: process.env.DATABASE_URL,
  NATS_URL: process.env.NATS_URL,
};
const server = await start(readConfig(env), createLogger(process.env.LOG_LEVEL ?? 'error'));
try {
  const heap: number[] = [];
  const timer = setInterval(() => heap.push(memoryNow()), Math.max(LEAST_PAUSE, (seconds * 1_000) / SAMPLES));
  const received = await clients(server.url);
  clearInterval(timer);
  const [, middle = 0, last = 0] = thirds(heap).map(median);
  const growth = last / middle;
  const well = growth < FLAT && received.every(({ cuts, wrong }) => cuts > 0 && wrong === null);
  const mebibytes = (bytes: number) => Math.round((bytes / 1024 / 1024) * 10) / 10;
  const result = { seconds, middleMiB: mebibytes(middle), lastMiB: mebibytes(last), growth, received, well };
  process.stdout.write(`${JSON.stringify(result)}\n`);
  process.exitCode = well ? 0 : 1;
} finally {
  await server.close();
  await rm(directory, { recursive: true, force: true });
}

/** Bytes of the heap and of the buffers beside it, which hold the data that waits for clients. */
function memoryNow(): number {
  collect?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

async function clients(url: string): Promise<readonly Received[]> {
  const child = fork(join(import.meta.dirname, 'clients.ts'), [url, String(seconds)], { execArgv: [] });
  const ended = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`the clients ended without a result (${signal ?? code})`);
  });
  const [message] = await Promise.race([once(child, 'message'), ended]);
  ended.catch(() => undefined);
  return message as readonly Received[];
}

function thirds(samples: readonly number[]): number[][] {
  const size = Math.floor(samples.length / 3);
  return [0, 1, 2].map((third) => samples.slice(third * size, (third + 1) * size));
}

function median(samples: readonly number[]): number {
  return samples.toSorted((a, b) => a - b)[samples.length >> 1] ?? 0;
}
