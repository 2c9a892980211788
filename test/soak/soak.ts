/**
 * `npm run soak`: a server under a steady chat, two of whose clients stop reading again and again. What it keeps in memory
 * must not grow, each of the two must be cut off, and must in the end have heard exactly what the log holds. Takes
 * SOAK_SECONDS (180), on services of its own, or on DATABASE_URL and NATS_URL when given; prints what it found as JSON.
 *
 * The server is this process, the clients are another, so that the heap is the server's alone. It is looked at after a
 * garbage collection each time; the median of its last third is compared with that of the third before: what has to
 * become warm is warm by then.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '../../src/runtime/config.ts';
import { start } from '../../src/runtime/server.ts';
import { createLogger } from '../../src/telemetry/logging.ts';
import type { Heard } from './clients.ts';

const OUTBOUND_LIMIT = 256 * 1024;
/** A heap that grows by less than this is flat: what is left is the noise of the collector. */
const FLAT = 1.15;
const SAMPLES = 60;
/** Milliseconds; a collection takes some ten of them. */
const LEAST_PAUSE = 400;

const collect = globalThis.gc;
if (collect === undefined) throw new Error('start it with node --expose-gc');
const seconds = Number(process.env.SOAK_SECONDS ?? 180);
const directory = await mkdtemp(join(tmpdir(), 'deskwire-soak-'));
const env = {
  ...{ PORT: '0', RATE_LIMIT: 'off', DEMO_DATA: 'on', DATA_DIR: directory, OUTBOUND_LIMIT: String(OUTBOUND_LIMIT) },
  ...{ DATABASE_URL: process.env.DATABASE_URL, NATS_URL: process.env.NATS_URL },
};
const server = await start(readConfig(env), createLogger(process.env.LOG_LEVEL ?? 'error'));
try {
  const heap: number[] = [];
  const timer = setInterval(() => heap.push(memoryNow()), Math.max(LEAST_PAUSE, (seconds * 1_000) / SAMPLES));
  const heard = await clients(server.url);
  clearInterval(timer);
  const [, middle = 0, last = 0] = thirds(heap).map(median);
  const growth = last / middle;
  const well = growth < FLAT && heard.every(({ cuts, wrong }) => cuts > 0 && wrong === null);
  const mebibytes = (bytes: number) => Math.round((bytes / 1024 / 1024) * 10) / 10;
  const result = { seconds, middleMiB: mebibytes(middle), lastMiB: mebibytes(last), growth, heard, well };
  process.stdout.write(`${JSON.stringify(result)}\n`);
  process.exitCode = well ? 0 : 1;
} finally {
  await server.close();
  await rm(directory, { recursive: true, force: true });
}

/** Bytes, with the buffers beside the heap: what waits for a client is there. */
function memoryNow(): number {
  collect?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

async function clients(url: string): Promise<readonly Heard[]> {
  const child = fork(join(import.meta.dirname, 'clients.ts'), [url, String(seconds)], { execArgv: [] });
  const ended = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`the clients ended without a result (${signal ?? code})`);
  });
  const [message] = await Promise.race([once(child, 'message'), ended]);
  ended.catch(() => undefined);
  return message as readonly Heard[];
}

function thirds(samples: readonly number[]): number[][] {
  const size = Math.floor(samples.length / 3);
  return [0, 1, 2].map((third) => samples.slice(third * size, (third + 1) * size));
}

function median(samples: readonly number[]): number {
  return samples.toSorted((a, b) => a - b)[samples.length >> 1] ?? 0;
}
