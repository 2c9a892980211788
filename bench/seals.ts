/**
 * `npm run bench:seals`: the processor time of the seals on messages over NATS (`src/broker/seal.ts`), with the headers
 * that carry them.
 */
import { createSecretKey, randomBytes } from 'node:crypto';
import { headers } from 'nats';
import { createSeals, SEAL } from '../src/broker/seal.ts';

const TIMES = 50_000;
const key = { id: 'bench', secret: createSecretKey(randomBytes(32)) };
const keys = { current: key, find: () => key, refresh() {}, close() {} };
const deps = { keys, log: { warn() {} }, now: Date.now };
const sender = createSeals(deps);
const receiver = createSeals(deps);

/** Microseconds of processor time for each call. */
function costOf(work: (index: number) => unknown): number {
  for (let index = 0; index < TIMES / 5; index += 1) work(index);
  const before = process.cpuUsage();
  for (let index = 0; index < TIMES; index += 1) work(index);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / TIMES;
}

function withHeader(seal: string): Uint8Array {
  const added = headers();
  added.set(SEAL, seal);
  return (added as unknown as { encode(): Uint8Array }).encode();
}

for (const size of [200, 800, 4_000]) {
  const payload = randomBytes(size);
  const path = 'ticket.0198f6a4-1f2c-7d3e-9a55-6d1d3d0b0c11.public';
  const event = sender.event('b0ba7e3c-7d4f-4f0e-9a55-6d1d3d0b0c11', path, payload);
  const messages = Array.from({ length: TIMES * 1.2 }, () => sender.message('deskwire.requests.commands.n1', payload));
  const arriving = messages.values();
  const commands = 'deskwire.requests.commands.n1';
  const costs = {
    'event, sealed by the relay': costOf(() => sender.event('epoch', path, payload)),
    'event, checked': costOf(() => receiver.acceptEvent(path, payload, event)),
    'request or signal, sealed, with its header': costOf(() => withHeader(sender.message(commands, payload))),
    'request or signal, checked': costOf(() => receiver.acceptMessage(commands, payload, arriving.next().value ?? '')),
  };
  for (const [what, cost] of Object.entries(costs)) {
    process.stdout.write(`${size} bytes  ${what.padEnd(44)} ${cost.toFixed(2)} µs\n`);
  }
}
