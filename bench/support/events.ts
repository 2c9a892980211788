/** The event that every side of the append benchmark records: a message as people write them, with our metadata. */
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

/** What one turn of a side did. */
export interface Turn {
  readonly events: number;
  readonly seconds: number;
}

export const CONCURRENT = 64;
/** Streams that each of the concurrent loops appends to in turn. */
export const STREAMS_PER_LOOP = 16;

/** `append` in CONCURRENT loops, each of which goes on as soon as its last one was answered, for `seconds`. */
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
