/** The event that every side of the append benchmark records: a message of usual length, with Deskwire's metadata. */
import { randomUUID } from 'node:crypto';

const TEXT = 'The pallet is still at the gate, could somebody let the driver know when it can be picked up?';

export function newMessagePosted() {
  return {
    type: 'MessagePosted',
    id: randomUUID(),
    data: { messageId: randomUUID(), message: TEXT, messageType: 'TEXT', attachments: [], internal: false },
    metadata: {
      commandId: `17:message:${randomUUID()}`,
      actor: { id: '17', name: 'john_driver', role: 'driver' },
      correlationId: randomUUID(),
      address: '192.0.2.17',
    },
  } as const;
}

/** The result of one turn of a side. */
export interface Turn {
  readonly events: number;
  readonly seconds: number;
}

export const CONCURRENT = 64;
/** Streams that each of the concurrent loops appends to in turn. */
export const STREAMS_PER_LOOP = 16;

/** Calls `append` for `seconds` in CONCURRENT loops. A loop calls again as soon as its last call was answered. */
export async function appendConcurrently(
  seconds: number,
  append: (loop: number, turn: number) => Promise<unknown>,
): Promise<Turn> {
  const started = performance.now();
  const deadline = started + seconds * 1_000;
  let events = 0;
  const loops = Array.from({ length: CONCURRENT }, async (_, loop) => {
    for (let turn = 0; performance.now() < deadline; turn++) {
      await append(loop, turn);
      events += 1;
    }
  });
  await Promise.all(loops);
  return { events, seconds: (performance.now() - started) / 1_000 };
}
