/** Tests the checker: it finds no violation in a correct history, and finds the violation in histories with one. */
import { describe, expect, it } from 'vitest';
import type { Following, History, Segment } from '../history.ts';
import { checkHistory } from './checker.ts';
import { acknowledged, goodHistory, posted, recorded, refused, TICKET, unanswered } from './histories.ts';

/** The violations of a history, as text with their rule. */
function objections(history: History): string[] {
  return checkHistory(history).map(({ rule, what }) => `${rule}: ${what}`);
}

function withCommands(...more: History['commands']): History {
  const history = goodHistory();
  return { ...history, commands: [...history.commands, ...more] };
}

/** Appends an event to the log. Clients, JetStream and counts stay as they were. */
function withEvent(version: number, key: string): History {
  const history = goodHistory();
  const event = recorded(TICKET, { position: 8, version }, 'driver', key, posted(key));
  return { ...history, log: [...history.log, event], head: 8 };
}

/** Changes the segments of the first client. */
function withSegments(change: (good: Segment) => readonly Segment[], more: Partial<Following> = {}): History {
  const history = goodHistory();
  const [first, ...others] = history.followings;
  const [segment] = first?.segments ?? [];
  if (first === undefined || segment === undefined) throw new Error('there is none');
  return { ...history, followings: [{ ...first, segments: [...change(segment)], ...more }, ...others] };
}

const restored = { position: 3, until: 5 };
const without = (history: History, key: string): History => ({
  ...history,
  commands: history.commands.filter((command) => command.key !== key),
});

it('finds no violation in a correct history', () => {
  expect(objections(goodHistory())).toEqual([]);
});

describe('the log', () => {
  it('may not skip a position', () => {
    const history = goodHistory();
    const log = history.log.map((event) => (event.position === 7 ? { ...event, position: 8 } : event));
    expect(objections({ ...history, log, head: 8 })).toContain(
      'positions are gapless: position 8 stands at place 7 of the log',
    );
  });

  it('ends at its head', () => {
    expect(objections({ ...goodHistory(), head: 9 })).toContain(
      'positions are gapless: the head says 9, the last position is 7',
    );
  });

  it.each([7, 5])('may not have version %i after version 5 of a stream', (version) => {
    expect(objections(withEvent(version, 'c'))).toContain(
      `versions are gapless in each stream: ticket.t has version ${version} at position 8, where 6 follows`,
    );
  });
});

describe('commands', () => {
  const RULE = 'each acknowledged command is in the log exactly once, no other twice';

  it('that were acknowledged are in the log', () => {
    expect(objections(withCommands(acknowledged('post', 'lost', 'admin')))).toEqual([
      `${RULE}: post lost in ticket.t was acknowledged and is not in the log`,
    ]);
  });

  it('that were acknowledged before an older backup was restored may be gone, later ones may not', () => {
    const restore = (until: number): History => ({
      ...withCommands(acknowledged('post', 'lost', 'admin')),
      restores: [{ position: 3, until }],
      epochs: ['e', 'f'],
    });
    expect(objections(restore(5))).toEqual([]);
    expect(objections(restore(0))).toContain(`${RULE}: post lost in ticket.t was acknowledged and is not in the log`);
  });

  it.each([
    ['acknowledged', acknowledged('post', 'b', 'driver', { version: 4 })],
    ['unanswered', unanswered('post', 'b', 'driver')],
  ])('are not in the log twice, %s or not', (_what, command) => {
    const history = without(withEvent(6, 'b'), 'b');
    const found = objections({ ...history, commands: [...history.commands, command] });
    expect(found).toContain(`${RULE}: post b in ticket.t is in the log 2 times`);
  });

  it('are recognised by their text when the log has them under another command id', () => {
    const history = withEvent(6, 'b');
    const log = history.log.map((event) =>
      event.position === 8 ? { ...event, metadata: { ...event.metadata, commandId: 'made up' } } : event,
    );
    expect(objections({ ...history, log })).toContain(`${RULE}: post b in ticket.t is in the log 2 times`);
  });

  it('are answered in the end', () => {
    expect(objections(withCommands(unanswered('post', 'x', 'admin')))).toEqual([
      'every command is answered in the end: post x in ticket.t got no answer in 2 attempts',
    ]);
  });

  it.each([
    ['another version', 'post', 'b', 'driver', 3, 4],
    ['the version of the stream, for somebody who may not see notes', 'post', 'b', 'driver', 5, 4],
    ['the public version, for staff', 'note', 'note', 'admin', 2, 3],
  ] as const)('are answered with the recorded version, not with %s', (_what, kind, key, by, version, must) => {
    const history = without(goodHistory(), key);
    const commands = [...history.commands, acknowledged(kind, key, by, { version })];
    expect(objections({ ...history, commands })).toEqual([
      `answers name the version that was recorded: ${kind} ${key} in ticket.t was said to be ticket.t ${version} and is ticket.t ${must}`,
    ]);
  });

  it('are not refused, unless their ticket was lost in a restore', () => {
    expect(objections(withCommands(refused('post', 'x', 'driver')))).toEqual([
      'nothing is refused that must be done: post x in ticket.t was refused: 403',
    ]);
    const gone = { ...refused('post', 'x', 'driver'), stream: 'ticket.gone' } as const;
    expect(objections({ ...withCommands(gone), restores: [restored], epochs: ['e', 'f'] })).toEqual([]);
    expect(objections(withCommands(gone))).toHaveLength(1);
  });

  it.each([
    ['read', { value: 9 }, '1 has read ticket.t up to 4, and x said 9'],
    ['read', { value: 5 }, '1 has read ticket.t up to 4, and x said 5'],
    ['assign', { value: '2' }, 'ticket.t is assigned to undefined, and x gave it to 2'],
  ] as const)('without a text (%s) took effect', (kind, value, what) => {
    expect(objections(withCommands(acknowledged(kind, 'x', 'driver', value)))).toContain(
      `acknowledged reads and assignments took effect: ${what}`,
    );
  });
});

describe('a client', () => {
  const RULE = 'every client converges to the log: somebody (stream, ticket.t)';
  /** With the versions of the stream, which count the one note before these frames. */
  const numberedByStream = (frames: Segment['frames']) =>
    frames.map((frame) => ({ ...frame, version: frame.version + 1 }));
  const drop = (version: number) => (good: Segment) => [
    { ...good, frames: good.frames.filter((frame) => frame.version !== version) },
  ];

  it('may not miss an event in the middle', () => {
    expect(objections(withSegments(drop(2)))).toEqual([
      `${RULE}: applied 3 (event-6) as number 2 after 0, and the log has 2 (event-4)`,
    ]);
  });

  it('may not miss the last event, if it followed to the end', () => {
    const what = `${RULE}: applied nothing as number 4 after 0, and the log has 4 (event-7)`;
    expect(objections(withSegments(drop(4)))).toEqual([what]);
    expect(objections(withSegments(drop(4), { complete: false }))).toEqual([]);
  });

  it('may not receive an event twice', () => {
    const twice = (good: Segment) => [{ ...good, frames: good.frames.flatMap((frame) => [frame, frame]) }];
    expect(objections(withSegments(twice))[0]).toBe(`${RULE}: 1 came twice in a row`);
  });

  it('may not receive events in another order', () => {
    const reversed = (good: Segment) => [{ ...good, frames: good.frames.toReversed() }];
    expect(objections(withSegments(reversed))[0]).toBe(`${RULE}: 3 came after 4`);
  });

  it('may not receive an event that it may not see', () => {
    const note = { version: 3, id: 'event-5' };
    const leaked = (good: Segment) => [
      { ...good, frames: [...good.frames.slice(0, 2), note, ...numberedByStream(good.frames.slice(2))] },
    ];
    expect(objections(withSegments(leaked))).toEqual([
      `${RULE}: applied 3 (event-5) as number 3 after 0, and the log has 3 (event-6)`,
    ]);
  });

  it('may not receive versions that count events that it may not see', () => {
    const counted = (good: Segment) => [
      { ...good, frames: [...good.frames.slice(0, 2), ...numberedByStream(good.frames.slice(2))] },
    ];
    expect(objections(withSegments(counted))).toEqual([
      `${RULE}: applied 4 (event-6) as number 3 after 0, and the log has 3 (event-6)`,
    ]);
  });

  it('on the staff may not receive public versions', () => {
    const history = goodHistory();
    const followings = history.followings.map((following) => ({ ...following, viewer: { id: '2', staff: true } }));
    expect(objections({ ...history, followings })[0]).toBe(
      `${RULE}: applied 3 (event-6) as number 3 after 0, and the log has 3 (event-5)`,
    );
  });

  it('may not receive another event in place of the right one', () => {
    const other = (good: Segment) => [{ ...good, frames: good.frames.map((frame) => ({ ...frame, id: 'other' })) }];
    expect(objections(withSegments(other))).toHaveLength(1);
  });

  it('may load again, and must then have everything after the loaded version', () => {
    const lost = { epoch: 'd', base: 0, frames: [{ version: 1, id: 'gone' }] };
    const after = (base: number) => (good: Segment) => [
      lost,
      { ...good, base, frames: good.frames.filter(({ version }) => version > base) },
    ];
    expect(objections(withSegments(after(2)))).toEqual([]);
    expect(objections(withSegments((good) => [lost, { ...good, base: 2, frames: [] }]))).toHaveLength(1);
  });

  it('receives at least something', () => {
    expect(objections(withSegments(() => []))).toEqual([`${RULE} was never told anything`]);
  });
});

describe('data derived from the log', () => {
  it('JetStream has no gap and ends at the head of the log', () => {
    const history = goodHistory();
    const held = (jetstream: History['jetstream']) => objections({ ...history, jetstream });
    expect(held(history.jetstream.slice(0, -1))).toEqual([
      'JetStream equals the log: JetStream ends at 6, the log at 7',
    ]);
    expect(held(history.jetstream.filter(({ sequence }) => sequence !== 4))).toHaveLength(3);
    expect(held(history.jetstream.slice(3))).toEqual([]);
  });

  it('JetStream holds the same events', () => {
    const history = goodHistory();
    const jetstream = history.jetstream.map((one) =>
      one.sequence === 4 ? { ...one, event: { ...one.event, id: 'other' } } : one,
    );
    expect(objections({ ...history, jetstream })).toEqual([
      'JetStream equals the log: position 4 is not the same in JetStream and in the log',
    ]);
  });

  it('read models have the same rows as a rebuild, each as often', () => {
    const projections = { serving: { t: ['1', '1'] }, rebuilt: { t: ['1', '2'] }, parked: 1 };
    expect(objections({ ...goodHistory(), projections })).toEqual([
      'projections equal a rebuild: t has 1 rows that a rebuild does not make: 1',
      'projections equal a rebuild: t lacks 1 rows that a rebuild makes: 2',
      'projections equal a rebuild: 1 events are parked',
    ]);
  });

  it('read models can be rebuilt', () => {
    const projections = { serving: {}, rebuilt: {}, parked: 0, failure: 'the log ends' };
    expect(objections({ ...goodHistory(), projections })).toEqual([
      'projections equal a rebuild: a rebuild fails: the log ends',
    ]);
  });

  it('unread counts equal those of a plain model', () => {
    const history = goodHistory();
    const unread = history.unread.map((one) => (one.userId === '2' ? { ...one, unread: 2 } : one));
    expect(objections({ ...history, unread })).toEqual([
      'unread counts are right: ticket and user t 2: 2 unread, and it must be 1',
    ]);
    expect(objections({ ...history, unreadNotifications: { '2': 1 } })).toEqual([
      'unread counts are right: user 2: 1 unread notifications, and it must be 2',
    ]);
    expect(objections({ ...history, unreadNotifications: { '1': 1 } })).toEqual([
      'unread counts are right: user 1: 1 unread notifications, and it must be 0',
    ]);
    expect(objections({ ...history, unseenNotifications: { '2': 0 } })).toEqual([
      'unread counts are right: user 2: 0 unseen notifications, and it must be 2',
    ]);
  });

  it('the epoch changes when history was replaced, and only then', () => {
    const RULE = 'the epoch changes when history was replaced, and only then';
    const history = goodHistory();
    expect(objections({ ...history, epochs: ['e', 'f'] })).toEqual([
      `${RULE}: history was replaced 0 times, and the epoch changed 1 times`,
    ]);
    expect(objections({ ...history, restores: [restored] })).toEqual([
      `${RULE}: history was replaced 1 times, and the epoch changed 0 times`,
    ]);
  });
});
