/**
 * One run: starts the system and its load, injects faults one after the other, and waits after the last one until every
 * client has every event. The record of the run then becomes a history for the checker.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { streamOf } from '../../src/domain/event.ts';
import { createEventReader } from '../../src/eventlog/reader.ts';
import { logIn } from '../integration/cluster/people.ts';
import { until } from '../support/until.ts';
import { expectations } from './checker/clients.ts';
import { numberingOf } from './checker/numbering.ts';
import { collect } from './collect.ts';
import type { Fault, FaultContext } from './faults/fault.ts';
import type { Attempt, Following, History, Restore } from './history.ts';
import { ANSWER_TIMEOUT, createDesk, type Desk, type People } from './load/desk.ts';
import { cursorOf, DIALECT_CLIENTS, type Follower, openFollower } from './load/followers.ts';
import { CONFIGURED_ROOM, ROOM, write } from './load/writers.ts';
import type { Random } from './random.ts';
import { type ChaosSystem, type Services, startSystem } from './system.ts';

export interface RunOptions {
  readonly services: Services;
  readonly random: Random;
  /** The faults, in the order in which they are injected. */
  readonly faults: readonly Fault[];
  /** Milliseconds after which no further fault begins. */
  readonly longest: number;
  /** Milliseconds between two commands of one writer: at least, and at most. */
  readonly pause: readonly [number, number];
  /**
   * Milliseconds that clients have to converge. After that the run continues, and the checker reports the difference.
   */
  readonly convergenceTimeout: number;
  /** Receives a line for each fault, and for each condition that did not come true in time. */
  log(line: string): void;
}

/** The effects of one fault, from its begin until every client had caught up. Times are in milliseconds. */
export interface Injection {
  readonly kind: string;
  /** The begin of the fault, since the run began. */
  readonly at: number;
  /** The time from the begin of the fault to its end. */
  readonly lasted: number;
  /** The number of acknowledged commands. */
  readonly acknowledged: number;
  /** The longest time without an acknowledgement. */
  readonly silence: number;
  /**
   * The longest time without an acknowledgement from any node. Counted from the begin of the fault, or from its end
   * when the fault took the log away.
   */
  readonly failover: number;
  /** The longest time from the first attempt of a command to its last answer. */
  readonly wait: number;
  /** The part of `wait` that the client spent on attempts that timed out. */
  readonly timedOut: number;
  /** The longest time from the acknowledgement of a message to its arrival at a client. */
  readonly lag: number;
  /** The time from the end of the fault until every client had the events that were acknowledged by then. */
  readonly convergence: number;
}

export interface Run {
  readonly history: History;
  readonly injections: readonly Injection[];
  /** Output and exits of nodes that no fault explains. */
  readonly complaints: readonly string[];
}

/** Milliseconds of load before the first fault. */
const FIRST_WORK = 500;
/** More events than a ticket in work has. */
const LONGEST_TICKET = 10_000;
/** Milliseconds at the end of a run, in which repetitions of events may still arrive. */
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
  const context: FaultContext = { system, desk, random: options.random, followers, restores };
  for (const fault of options.faults) {
    if (desk.now() > options.longest) break;
    await system.have(2);
    const injection = await inject(fault, context, options);
    injections.push(injection);
    const { kind: _kind, at: _at, acknowledged: _acknowledged, ...times } = injection;
    options.log(
      `${injections.length}. ${fault.kind}: ${JSON.stringify(times, (_, v) => (typeof v === 'number' ? Math.round(v) : v))}`,
    );
    const { epoch } = await until(() => createEventReader(system.pool).head(), 'the log to be readable');
    if (epoch !== epochs.at(-1)) epochs.push(epoch);
  }

  desk.closing = true;
  await written;
  await system.have(1);
  await settled(context, options);
  const collected = await collect(system, desk.people);
  await converged(followers, collected.log, options);
  const history: History = {
    ...collected,
    commands: desk.commands,
    restores,
    epochs,
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
  const { stream, chat, notifications } = DIALECT_CLIENTS;
  const rooms = [`room.${ROOM}`, `room.${CONFIGURED_ROOM}`] as const;
  const followers = [
    { client: 'agent 1', viewer: agent, dialectClient: stream, streams: [rooms[0], `user.${agent.id}`] },
    { client: 'agent 2', viewer: agent, dialectClient: chat, streams: [] },
    { client: 'driver 1', viewer: driver, dialectClient: stream, streams: [rooms[0], `user.${driver.id}`] },
    { client: 'driver 2', viewer: driver, dialectClient: chat, streams: [] },
    { client: 'admin', viewer: admin, dialectClient: stream, streams: [...rooms, `user.${admin.id}`] },
    { client: 'clerk', viewer: clerk, dialectClient: notifications, streams: [`user.${clerk.id}`] },
    { client: 'driver 3', viewer: driver, dialectClient: notifications, streams: [`user.${driver.id}`] },
  ] as const;
  return followers.map((one) => openFollower(desk, one));
}

async function inject(fault: Fault, context: FaultContext, options: RunOptions): Promise<Injection> {
  const { desk } = context;
  const began = desk.now();
  await fault.run(context);
  const faultEnded = desk.now();
  await settled(context, options);
  const ended = desk.now();
  const acknowledgements = desk.acknowledgements.filter((at) => at >= began && at <= ended);
  const waits = desk.commands
    .flatMap(({ attempts }) => {
      const [first, last] = [attempts[0], attempts.at(-1)];
      if (first === undefined || last === undefined || last.endedAt < began || first.at > ended) return [];
      return [{ wait: last.endedAt - first.at, timedOut: sum(attempts.filter(hasTimedOut).map(durationOf)) }];
    })
    .toSorted((a, b) => b.wait - a.wait);
  return {
    kind: fault.kind,
    at: began,
    lasted: faultEnded - began,
    acknowledged: acknowledgements.length,
    silence: longestGap([began, ...acknowledgements, ended]),
    failover: longestGap(
      fault.withoutLog
        ? [faultEnded, ...acknowledgements.filter((at) => at > faultEnded), ended]
        : [began, ...acknowledgements, ended],
    ),
    wait: waits[0]?.wait ?? 0,
    timedOut: waits[0]?.timedOut ?? 0,
    lag: desk.deliveries.reduce((longest, { at, lag }) => (at >= began ? Math.max(longest, lag) : longest), 0),
    convergence: ended - faultEnded,
  };
}

const sum = (numbers: readonly number[]) => numbers.reduce((all, one) => all + one, 0);
const durationOf = ({ at, endedAt }: Attempt) => endedAt - at;
/** Timers may fire a moment early. */
const hasTimedOut = (attempt: Attempt) => attempt.outcome === 'unknown' && durationOf(attempt) > 0.99 * ANSWER_TIMEOUT;

function longestGap(moments: readonly number[]): number {
  return Math.max(...moments.slice(1).map((at, index) => at - (moments[index] ?? at)));
}

/** Waits until every follower has the events that were acknowledged so far, and a new command is acknowledged. */
async function settled({ system, desk, followers }: FaultContext, options: RunOptions): Promise<void> {
  const tickets = [...desk.tickets.values()].map(({ id, acknowledged }) => ({
    stream: streamOf('ticket', id),
    acknowledged: { ...acknowledged },
  }));
  const rooms = [...desk.rooms].map(([name, version]) => ({ stream: streamOf('room', name), version }));
  const before = desk.acknowledgements.length;
  const ranges = tickets.map(({ stream }) => ({ stream, after: 0, limit: LONGEST_TICKET }));
  const log = await until(
    async () => (await createEventReader(system.pool).readStreams(ranges)).flat(),
    'the tickets in work to be readable',
  );
  const numbering = numberingOf(log);
  // Messages were acknowledged with the versions that their authors see. All followers must have all of them.
  const expected = [
    ...rooms,
    ...tickets.map(({ stream, acknowledged }) => {
      const ofOthers = numbering.recorded(stream, acknowledged.public, { staff: false });
      return { stream, version: Math.max(acknowledged.staff, ofOthers) };
    }),
  ];
  const everyFollower = () =>
    followers.every(({ cursorOf, viewer }) =>
      expected.every(({ stream, version }) => {
        const shown = numbering.shown(stream, version, viewer);
        return (cursorOf(stream) ?? shown) >= shown;
      }),
    );
  const newAcknowledgement = () => desk.closing || desk.acknowledgements.length > before;
  await waitOrReport(() => newAcknowledgement() && everyFollower(), 'all clients to converge', options);
}

/** Waits until every follower has the last event of its streams. If not, the checker reports the missing events. */
async function converged(followers: readonly Follower[], log: History['log'], options: RunOptions): Promise<void> {
  const expectedOf = expectations({ log });
  const has = (following: Following) =>
    !following.complete || (cursorOf(following) ?? 0) >= (expectedOf(following).at(-1)?.version ?? 0);
  const everyFollower = () => followers.every(({ followings }) => followings.every(has));
  await waitOrReport(everyFollower, 'the last events to reach every client', options);
  await sleep(LATE_REPETITIONS);
}

/** Waits for a condition. Only logs when it does not come true, because the checker then finds the consequences. */
async function waitOrReport(
  condition: () => boolean,
  what: string,
  { convergenceTimeout, log }: RunOptions,
): Promise<void> {
  await until(condition, what, { timeoutMs: convergenceTimeout, everyMs: 10 }).catch((error: Error) =>
    log(error.message),
  );
}
