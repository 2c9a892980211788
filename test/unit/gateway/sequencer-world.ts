/**
 * A model of a live stream around the sequencer. Each source of disorder is a step that a scheduler picks: commits;
 * live copies that are late, doubled, reordered or lost; reads of the log that take their snapshot at one step and
 * arrive at a later one; sockets that join and rejoin; and a stream that is released and acquired again.
 */
import { expect } from 'vitest';
import { createJoinReplay, type JoinReplay } from '../../../src/gateway/delivery/join-replay.ts';
import { createSequencer, type Sequencer } from '../../../src/gateway/delivery/sequencer.ts';
import type { Choose } from './interleavings.ts';

export interface Scenario {
  /** The number of versions in the log at the start, and of versions committed during the run. */
  readonly before: number;
  readonly commits: number;
  /** The number of live copies that each commit sends. */
  readonly copies: number;
  readonly mayLose: boolean;
  /** The last version that each joining socket has. */
  readonly sockets: readonly number[];
  readonly mayReacquire: boolean;
  readonly ringSize: number;
  readonly waitingLimit: number;
  readonly readLimit: number;
}

interface Member {
  readonly received: number[];
  readonly from: number;
  /** Set while the socket joins: its replay, and the read that the replay waits for. */
  replay: JoinReplay<number> | undefined;
  reading: { after: number; snapshot: number } | undefined;
  /** The version up to which the replay has read. */
  at: number;
  joined: boolean;
}

interface Step {
  readonly name: string;
  take(): void;
}

const versionOf = (event: number) => event;

export function playWorld(scenario: Scenario, choose: Choose): void {
  let committed = scenario.before;
  const inFlight: number[] = [];
  const members: Member[] = scenario.sockets.map((from) => ({
    received: [],
    from,
    replay: undefined,
    reading: undefined,
    at: from,
    joined: false,
  }));
  const idle = new Set(members);
  let reacquired = !scenario.mayReacquire;
  let opening: number | undefined;
  let opened = false;
  let gapRead: { after: number; snapshot: number } | undefined;
  /** The live versions given to the sequencer, in order: a part of the sequencer's state. */
  let given: number[] = [];
  let seen = 0;
  let sequencer = newSequencer();

  function newSequencer(): Sequencer<number> {
    return createSequencer<number>({
      versionOf,
      ringSize: scenario.ringSize,
      waitingLimit: scenario.waitingLimit,
      deliver(event) {
        for (const member of members) if (member.joined) member.received.push(event);
      },
    });
  }

  function read(after: number, snapshot: number): { events: number[]; through: number } {
    const through = Math.max(after, Math.min(snapshot, after + scenario.readLimit));
    return { events: Array.from({ length: through - after }, (_, index) => after + 1 + index), through };
  }

  function walk(member: Member, replay: JoinReplay<number>): void {
    const step = replay.next();
    if (step.do === 'read') member.reading = { after: step.after, snapshot: committed };
    if (step.do === 'wait') see(step.version);
    if (step.do !== 'join') return;
    member.received.push(...step.events);
    member.replay = undefined;
    member.joined = true;
  }

  function see(version: number): void {
    seen = Math.max(seen, version);
    sequencer.seen(version);
  }

  /** The last version that the socket received, as its client would send it. */
  const lastSeen = (member: Member) => member.received.at(-1) ?? member.from;

  function reacquire(): void {
    reacquired = true;
    opened = false;
    opening = undefined;
    gapRead = undefined;
    sequencer = newSequencer();
    given = [];
    seen = 0;
    for (const member of members) {
      member.joined = false;
      member.reading = undefined;
      member.replay = undefined;
      idle.add(member);
    }
  }

  function memberSteps(member: Member, index: number): Step[] {
    const { replay, reading } = member;
    if (idle.has(member)) {
      return [
        {
          name: `socket ${index} arrives`,
          take() {
            idle.delete(member);
            member.at = lastSeen(member);
            member.replay = createJoinReplay(sequencer, versionOf, lastSeen(member), Number.POSITIVE_INFINITY);
          },
        },
      ];
    }
    if (replay === undefined) return [];
    if (reading !== undefined) {
      return [
        {
          name: `socket ${index} reads ${reading.after}..${reading.snapshot}`,
          take() {
            const { events, through } = read(reading.after, reading.snapshot);
            replay.pageRead(events, through);
            member.at = Math.max(member.at, through);
            member.reading = undefined;
            walk(member, replay);
          },
        },
      ];
    }
    const step = replay.next();
    if (step.do === 'wait' && sequencer.behind) return [];
    return [{ name: `socket ${index} goes on`, take: () => walk(member, replay) }];
  }

  function streamSteps(): Step[] {
    const steps: Step[] = [];
    if (!opened && opening === undefined) steps.push({ name: 'read head', take: () => (opening = committed) });
    if (opening !== undefined) {
      const head = opening;
      const take = () => {
        opening = undefined;
        opened = true;
        sequencer.open(head);
      };
      steps.push({ name: `open at ${head}`, take });
    }
    const { cursor } = sequencer;
    if (cursor !== undefined && sequencer.behind && gapRead === undefined) {
      steps.push({ name: 'begin to read the gap', take: () => (gapRead = { after: cursor, snapshot: committed }) });
    }
    if (gapRead !== undefined) {
      const { after, snapshot } = gapRead;
      const take = () => {
        gapRead = undefined;
        const { events, through } = read(after, snapshot);
        sequencer.gapRead(events, through);
      };
      steps.push({ name: `read the gap ${after}..${snapshot}`, take });
    }
    return steps;
  }

  function worldSteps(): Step[] {
    const steps: Step[] = [];
    if (committed < scenario.before + scenario.commits) {
      const take = () => {
        committed += 1;
        for (let copy = 0; copy < scenario.copies; copy += 1) inFlight.push(committed);
      };
      steps.push({ name: `commit ${committed + 1}`, take });
    }
    for (const version of new Set(inFlight)) {
      const remove = () => inFlight.splice(inFlight.indexOf(version), 1);
      const take = () => {
        remove();
        if (version > (sequencer.cursor ?? 0)) given.push(version);
        sequencer.live(version);
      };
      steps.push({ name: `live ${version}`, take });
      if (scenario.mayLose) steps.push({ name: `lose ${version}`, take: remove });
    }
    if (!reacquired && opened) steps.push({ name: 'release and acquire', take: reacquire });
    return steps;
  }

  function state(): string {
    const { cursor } = sequencer;
    const waiting = given.filter((version) => version > (cursor ?? 0));
    const ring = cursor === undefined ? [] : Array.from({ length: cursor + 1 }, (_, at) => sequencer.recent(at) ?? 0);
    const stream = [cursor, waiting, ring, seen, opening, opened, gapRead, reacquired, headChecked];
    const sockets = members.map((member) => [
      member.received.length,
      idle.has(member),
      member.replay !== undefined,
      member.reading,
      member.at,
      member.joined,
    ]);
    return JSON.stringify([committed, inFlight.toSorted(), stream, sockets]);
  }

  /** Fails unless every socket has every version after its start, once and in order. */
  function check(): void {
    for (const [index, member] of members.entries()) {
      if (member.received.every((version, at) => version === member.from + 1 + at)) continue;
      expect.fail(`socket ${index} received ${member.received} after ${member.from}: ${history.join(', ')}`);
    }
  }

  const history: string[] = [];
  let headChecked = false;
  for (;;) {
    const steps = [...worldSteps(), ...streamSteps(), ...members.flatMap(memberSteps)];
    if (steps.length === 0) {
      if (headChecked) break;
      headChecked = true;
      see(committed);
      continue;
    }
    const chosen = steps.length === 1 ? 0 : choose(steps.length, state);
    if (chosen === undefined) return;
    const step = steps[chosen];
    history.push(step?.name ?? '');
    step?.take();
    check();
  }
  for (const [index, member] of members.entries()) {
    if (member.joined && lastSeen(member) === committed) continue;
    expect.fail(`socket ${index} received ${member.received} and was left behind: ${history.join(', ')}`);
  }
}
