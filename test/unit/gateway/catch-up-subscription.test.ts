/** Test a catch-up subscription. fast-check picks the order in which promises of its source, and pauses, resolve. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  type CatchUpSubscription,
  createCatchUpSubscription,
  type SubscriptionOptions,
} from '../../../src/gateway/delivery/catch-up-subscription.ts';

const forever = new AbortController().signal;

interface Plan {
  readonly before: number;
  readonly commits: readonly { readonly copies: number }[];
  readonly arrivals: readonly (number | 'now')[];
  /** For each read of the source, in turn, whether it fails. */
  readonly failures: readonly boolean[];
  readonly ringSize: number;
  readonly readLimit: number;
}

const plans: fc.Arbitrary<Plan> = fc.record({
  before: fc.nat(12),
  commits: fc.array(fc.record({ copies: fc.nat(2) }), { maxLength: 20 }),
  arrivals: fc.array(fc.oneof(fc.nat(14), fc.constant('now' as const)), { minLength: 1, maxLength: 4 }),
  failures: fc.array(fc.boolean(), { maxLength: 6 }),
  ringSize: fc.integer({ min: 1, max: 6 }),
  readLimit: fc.integer({ min: 1, max: 6 }),
});

async function play(plan: Plan, scheduler: fc.Scheduler): Promise<void> {
  let head = plan.before;
  const failures = [...plan.failures];
  const rooms: number[][] = [];
  /** Live events before the registration of the subscription are lost. */
  let deliverLive: (version: number) => void = () => undefined;

  /** Takes the result of `find` now, and resolves with it later, or rejects. */
  async function later<T>(find: () => T, label: string): Promise<T> {
    const found = find();
    await scheduler.schedule(Promise.resolve(), label);
    if (failures.shift() === true) throw new Error(`${label} failed`);
    return found;
  }

  const options: SubscriptionOptions = {
    ringSize: plan.ringSize,
    waitingLimit: 4,
    readLimit: plan.readLimit,
    gapDelay: 1,
    maxPause: 4,
    registrationTimeout: 1,
    attempts: 20,
    sleep: () => scheduler.schedule(Promise.resolve(), 'sleep'),
    onError: () => undefined,
  };
  const subscription: CatchUpSubscription<number> = createCatchUpSubscription<number>(
    {
      versionOf: (version) => version,
      subscribe(event) {
        const ready = scheduler.schedule(Promise.resolve(), 'ready').then(() => {
          deliverLive = event;
        });
        return { ready, close: () => undefined };
      },
      open: async () => head,
      head: async () => {
        const found = head;
        await scheduler.schedule(Promise.resolve(), 'head');
        return found;
      },
      read: (after, limit) =>
        later(() => {
          const through = Math.max(after, Math.min(head, after + limit));
          return { events: Array.from({ length: through - after }, (_, at) => after + 1 + at), through };
        }, 'read'),
      deliver(version) {
        for (const room of rooms) room.push(version);
      },
    },
    options,
  );

  const sockets = plan.arrivals.map(async (from) => {
    await scheduler.schedule(Promise.resolve(), 'arrive');
    const socket = { from, got: [] as number[], start: 0 };
    const arrival = await subscription.arrive(from, Number.POSITIVE_INFINITY, forever, (events, cursor) => {
      socket.start = from === 'now' ? cursor : from;
      socket.got.push(...events);
      rooms.push(socket.got);
    });
    return { ...socket, arrival };
  });
  const commits = plan.commits.map(async ({ copies }) => {
    await scheduler.schedule(Promise.resolve(), 'commit');
    head += 1;
    const version = head;
    for (let copy = 0; copy < copies; copy += 1) {
      void scheduler.schedule(Promise.resolve(), `live ${version}`).then(() => deliverLive(version));
    }
  });

  await scheduler.waitFor(Promise.all([...commits, subscription.opened]));
  const settled = await scheduler.waitFor(Promise.all(sockets));
  await scheduler.waitIdle();
  // A version without live copies is found only when the heads are compared. All others have arrived by themselves.
  if (plan.commits.some(({ copies }) => copies === 0)) await scheduler.waitFor(subscription.catchUp(forever));
  await scheduler.waitIdle();
  subscription.close();
  for (const { from, start, got, arrival } of settled) {
    if (arrival === 'unknown_version') {
      expect(Number(from)).toBeGreaterThan(plan.before);
      expect(got).toEqual([]);
      continue;
    }
    expect(arrival).toBe('joined');
    const first = start + 1;
    expect(got).toEqual(Array.from({ length: Math.max(0, head - first + 1) }, (_, at) => first + at));
  }
}

it('sends every client every event once and in order, in any order of results, failures and losses', async () => {
  await fc.assert(
    fc.asyncProperty(plans, fc.scheduler(), (plan, scheduler) => play(plan, scheduler)),
    { numRuns: 1_000 },
  );
});

it('refuses a joining client after several attempts while the log cannot be read', async () => {
  const subscription = createCatchUpSubscription<number>(
    {
      versionOf: (version) => version,
      subscribe: () => ({ ready: Promise.resolve(), close: () => undefined }),
      open: async () => 10,
      head: async () => 10,
      read: () => Promise.reject(new Error('down')),
      deliver: () => undefined,
    },
    {
      ringSize: 1,
      waitingLimit: 1,
      readLimit: 1,
      gapDelay: 1,
      maxPause: 1,
      registrationTimeout: 1,
      attempts: 3,
      sleep: () => Promise.resolve(),
      onError: () => undefined,
    },
  );
  const arrival = subscription.arrive(5, 100, forever, () => expect.fail('joined with a gap'));
  await expect(arrival).rejects.toMatchObject({ code: 'unavailable' });
  expect(await subscription.arrive(1, 5, forever, () => expect.fail('joined'))).toBe('too_old');
  subscription.close();
});
