/**
 * One run: the system is started and put to work, faults are done to it one after the other, and when the last one is undone
 * and everybody has what there is, everything that was seen becomes a history for the checker.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { createEventReader } from '../../src/eventlog/reader.ts';
import { logIn } from '../integration/cluster/people.ts';
import { until } from '../support/until.ts';
import { expectations } from './checker/clients.ts';
import { collect } from './collect.ts';
import type { Fault, Scene } from './faults/fault.ts';
import type { Attempt, Following, History, Restore } from './history.ts';
import { ANSWER_PATIENCE, createDesk, type Desk, type People } from './load/desk.ts';
import { cursorOf, type Follower, openFollower, TONGUES } from './load/followers.ts';
import { DOOR, ROOM, write } from './load/writers.ts';
import type { Random } from './random.ts';
import { type ChaosSystem, type Services, startSystem } from './system.ts';

export interface RunOptions {
  readonly services: Services;
  readonly random: Random;
  /** In the order in which they are done. */
  readonly faults: readonly Fault[];
  /** No fault begins after so many milliseconds. */
  readonly longest: number;
  /** Milliseconds between two commands of one writer: at least, and at most. */
  readonly pause: readonly [number, number];
  /** Milliseconds for all clients to converge, after which the run goes on without. */
  readonly patience: number;
  /** Told as things happen. */
  log(line: string): void;
}

/** What one fault did. Milliseconds. */
export interface Injection {
  readonly kind: string;
  /** When it was done, since the run began. */
  readonly at: number;
  /** From when it was done until it was undone. */
  readonly lasted: number;
  /** Commands acknowledged from when it was done until everybody had caught up. */
  readonly acknowledged: number;
  /** The longest time without any acknowledgement meanwhile. */
  readonly silence: number;
  /**
   * The longest time until some command was acknowledged that was given to whichever node, counted from the fault, or, when
   * the log itself was away, from its return.
   */
  readonly failover: number;
  /** The longest time that a command took, of those that were asked for meanwhile. */
  readonly wait: number;
  /** The part of `wait` in which the client waited in vain for a node that did not answer, before it asked another. */
  readonly inVain: number;
  /** The longest that a client, told of a message meanwhile, was told of it after it was acknowledged. */
  readonly lag: number;
  /** From when it was undone until every client had what was acknowledged by then. */
  readonly convergence: number;
}

export interface Run {
  readonly history: History;
  readonly injections: readonly Injection[];
  /** What nodes said or did that no fault explains. */
  readonly complaints: readonly string[];
}

/** Milliseconds. */
const FIRST_WORK = 500;
/** For what should not come any more. */
const LATE_REPETITIONS = 500;

export async function run(options: RunOptions): Promise<Run> {
  await using stack = new AsyncDisposableStack();
  const system = stack.use(await startSystem(options.services));
  const desk = createDesk(system.nodes, await signIn(system), options.random.fork());
  const followers = openFollowers(desk);
  stack.defer(() => {
    for (const follower of followers) follower.close();
  });
  const epochs = [(await createEventReader(system.pool).head()).epoch];
  const restores: Restore[] = [];
  const written = write(desk, {
    pause: options.pause,
    onOpened({ id }) {
      for (const follower of followers) if (followsTickets(follower)) follower.follow(`ticket.${id}`);
    },
    onLeft({ id }) {
      for (const follower of followers) if (followsTickets(follower)) follower.leave(`ticket.${id}`);
    },
  });
  written.catch(() => undefined); // Awaited below.
  await until(() => desk.tickets.size > 0, 'the first ticket', { timeoutMs: 30_000 });
  await sleep(FIRST_WORK);

  const injections: Injection[] = [];
  const scene: Scene = { system, desk, random: options.random, followers, restores };
  for (const fault of options.faults) {
    if (desk.now() > options.longest) break;
    await system.have(2);
    const injection = await inject(fault, scene, options);
    injections.push(injection);
    const { lasted, silence, failover, wait, inVain, lag, convergence } = injection;
    const times = { lasted, silence, failover, wait, inVain, lag, convergence };
    options.log(
      `${injections.length}. ${fault.kind}: ${JSON.stringify(times, (_, v) => (typeof v === 'number' ? Math.round(v) : v))}`,
    );
    const { epoch } = await until(() => createEventReader(system.pool).head(), 'the log to be readable');
    if (epoch !== epochs.at(-1)) epochs.push(epoch);
  }

  desk.closing = true;
  await written;
  await system.have(1);
  await settled(scene, options);
  const collected = await collect(system, desk.people);
  await converged(followers, collected.log, options);
  const history: History = {
    ...collected,
    ...{ commands: desk.commands, restores, epochs },
    followings: followers.flatMap(({ followings }) => followings),
  };
  return { history, injections, complaints: system.nodes.flatMap((node) => node.complaints()) };
}

function followsTickets({ followings }: Follower): boolean {
  return !followings.some(({ dialect }) => dialect === 'notifications');
}

async function signIn({ nodes }: ChaosSystem): Promise<People> {
  const url = nodes[0]?.url ?? '';
  const person = async (id: string, email: string, staff: boolean) => ({ id, staff, token: await logIn(url, email) });
  return {
    driver: await person('1', 'driver@example.com', false),
    admin: await person('2', 'admin@example.com', true),
    clerk: await person('3', 'admin2@example.com', true),
    agent: await person('4', 'agent@example.com', true),
  };
}

function openFollowers(desk: Desk): Follower[] {
  const { driver, admin, clerk, agent } = desk.people;
  const { stream, chat, notifications } = TONGUES;
  const rooms = [`room.${ROOM}`, `room.${DOOR}`] as const;
  const followers = [
    { client: 'agent 1', viewer: agent, tongue: stream, streams: [rooms[0], `user.${agent.id}`] },
    { client: 'agent 2', viewer: agent, tongue: chat, streams: [] },
    { client: 'driver 1', viewer: driver, tongue: stream, streams: [rooms[0], `user.${driver.id}`] },
    { client: 'driver 2', viewer: driver, tongue: chat, streams: [] },
    { client: 'admin', viewer: admin, tongue: stream, streams: [...rooms, `user.${admin.id}`] },
    { client: 'clerk', viewer: clerk, tongue: notifications, streams: [`user.${clerk.id}`] },
    { client: 'driver 3', viewer: driver, tongue: notifications, streams: [`user.${driver.id}`] },
  ] as const;
  return followers.map((one) => openFollower(desk, one));
}

async function inject(fault: Fault, scene: Scene, options: RunOptions): Promise<Injection> {
  const { desk } = scene;
  const began = desk.now();
  await fault.run(scene);
  const undone = desk.now();
  await settled(scene, options);
  const ended = desk.now();
  const acknowledgements = desk.acknowledgements.filter((at) => at >= began && at <= ended);
  const waits = desk.commands
    .flatMap(({ attempts }) => {
      const [first, last] = [attempts[0], attempts.at(-1)];
      if (first === undefined || last === undefined || last.endedAt < began || first.at > ended) return [];
      return [{ wait: last.endedAt - first.at, inVain: sum(attempts.filter(timedOut).map(durationOf)) }];
    })
    .toSorted((a, b) => b.wait - a.wait);
  return {
    kind: fault.kind,
    at: began,
    lasted: undone - began,
    acknowledged: acknowledgements.length,
    silence: longestGap([began, ...acknowledgements, ended]),
    failover: longestGap(
      fault.withoutLog
        ? [undone, ...acknowledgements.filter((at) => at > undone), ended]
        : [began, ...acknowledgements, ended],
    ),
    ...(waits[0] ?? { wait: 0, inVain: 0 }),
    lag: desk.deliveries.reduce((longest, { at, lag }) => (at >= began ? Math.max(longest, lag) : longest), 0),
    convergence: ended - undone,
  };
}

const sum = (numbers: readonly number[]) => numbers.reduce((all, one) => all + one, 0);
const durationOf = ({ at, endedAt }: Attempt) => endedAt - at;
/** Timers may be early by a moment. */
const timedOut = (attempt: Attempt) => attempt.outcome === 'unknown' && durationOf(attempt) > 0.99 * ANSWER_PATIENCE;

function longestGap(moments: readonly number[]): number {
  return Math.max(...moments.slice(1).map((at, index) => at - (moments[index] ?? at)));
}

/** Everybody who follows a ticket or a room has what was acknowledged so far, and something new is acknowledged. */
async function settled({ desk, followers }: Scene, options: RunOptions): Promise<void> {
  const told = new Map([
    ...[...desk.tickets.values()].map(({ id, version }) => [`ticket.${id}`, version] as const),
    ...[...desk.rooms].map(([name, version]) => [`room.${name}`, version] as const),
  ]);
  const before = desk.acknowledgements.length;
  const everybody = () =>
    followers.every(({ cursorOf }) => [...told].every(([stream, version]) => (cursorOf(stream) ?? version) >= version));
  const goesOn = () => desk.closing || desk.acknowledgements.length > before;
  await insist(() => goesOn() && everybody(), 'all clients to converge', options);
}

/** Everybody has the last of everything; when not, the checker says what is missing. */
async function converged(followers: readonly Follower[], log: History['log'], options: RunOptions): Promise<void> {
  const expectedOf = expectations({ log });
  const has = (following: Following) =>
    !following.complete || (cursorOf(following) ?? 0) >= (expectedOf(following).at(-1)?.version ?? 0);
  const everybody = () => followers.every(({ followings }) => followings.every(has));
  await insist(everybody, 'the last events to reach everybody', options);
  await sleep(LATE_REPETITIONS);
}

/** What does not come true is said, and left to the checker. */
async function insist(condition: () => boolean, what: string, { patience, log }: RunOptions): Promise<void> {
  await until(condition, what, { timeoutMs: patience, everyMs: 10 }).catch((error: Error) => log(error.message));
}
