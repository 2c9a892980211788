import type { Socket } from 'socket.io';
import { expect, it } from 'vitest';
import { createReplays } from '../../../src/gateway/connection/replays.ts';

const someone = () => ({ conn: {} }) as Socket;

function start(
  limits: { atOnce: number; waiting: number },
  caughtUp: () => Promise<void> | undefined = () => undefined,
) {
  let refused = 0;
  const replays = createReplays({ outbound: { caughtUp }, limits, onRefused: () => (refused += 1) });
  return { replays, refused: () => refused };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

it('runs a number of reads at once, keeps a number waiting in order, and refuses further ones', async () => {
  const { replays, refused } = start({ atOnce: 2, waiting: 1 });
  const reads = Array.from({ length: 4 }, () => Promise.withResolvers<number>());
  const begun: number[] = [];
  const asked = reads.map(({ promise }, at) =>
    replays.run(someone(), () => {
      begun.push(at);
      return promise;
    }),
  );
  await expect(asked[3]).rejects.toMatchObject({ code: 'unavailable', retryAfter: 1 });
  expect([begun, refused()]).toEqual([[0, 1], 1]);
  reads[1]?.resolve(1);
  await turn();
  expect(begun).toEqual([0, 1, 2]);
  reads[0]?.reject(new Error('expected'));
  await expect(asked[0]).rejects.toThrow('expected');
  reads[2]?.resolve(2);
  expect(await Promise.all([asked[1], asked[2]])).toEqual([1, 2]);
  expect(await replays.run(someone(), async () => 'again')).toBe('again');
});

it('runs the reads of one connection one after the other, when it has caught up, without delay for others', async () => {
  const readAll = Promise.withResolvers<void>();
  let behind = false;
  const { replays } = start({ atOnce: 9, waiting: 9 }, () => (behind ? readAll.promise : undefined));
  const one = someone();
  const order: string[] = [];
  const first = replays.run(one, async () => {
    await turn();
    order.push('first');
    behind = true;
    throw new Error('expected');
  });
  const second = replays.run(one, async () => order.push('second'));
  await expect(first).rejects.toThrow('expected');
  behind = false;
  await replays.run(someone(), async () => order.push('other'));
  await turn();
  expect(order).toEqual(['first', 'other']);
  readAll.resolve();
  await second;
  expect(order).toEqual(['first', 'other', 'second']);
});
