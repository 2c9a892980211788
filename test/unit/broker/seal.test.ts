import { expect, it } from 'vitest';
import { createReplayWindow } from '../../../src/broker/replay-window.ts';
import { createSeals, type Sealed } from '../../../src/broker/seal.ts';
import { testKeys } from '../../support/cluster-keys.ts';

const payload = Buffer.from('{"by":"ann"}');

function sealsAt(now: () => number, onRefused: (what: Sealed) => void = () => undefined) {
  return createSeals({ keys: testKeys(), log: { warn() {} }, now, onRefused });
}

it('refuses the first message of an unknown sender if it is older than ten minutes, by whichever clock', () => {
  const sender = sealsAt(() => 0);
  const first = sender.message('a', payload);
  const second = sender.message('a', payload);
  for (const clock of [11 * 60_000, -11 * 60_000]) {
    expect(sealsAt(() => clock).acceptMessage('a', payload, first)).toBe(false);
  }
  let clock = 9 * 60_000;
  const receiver = sealsAt(() => clock);
  expect(receiver.acceptMessage('a', payload, first)).toBe(true);
  // A clock that jumps does not separate processes that know each other.
  clock = 60 * 60_000;
  expect(receiver.acceptMessage('a', payload, second)).toBe(true);
});

it('believes no seal with any of its characters changed, added or left out', () => {
  const receiver = sealsAt(() => 0);
  const seal = sealsAt(() => 0).message('a', payload);
  const changed = [...seal].map((one, at) => `${seal.slice(0, at)}${one === 'A' ? 'B' : 'A'}${seal.slice(at + 1)}`);
  // The last character of a MAC has bits that decode to nothing.
  const others = changed.slice(0, -1).concat(`${seal}.`, `.${seal}`, seal.slice(1), seal.slice(0, -1), '', '....');
  for (const other of others) expect(receiver.acceptMessage('a', payload, other)).toBe(false);
  expect(receiver.acceptMessage('a', payload, seal)).toBe(true);
});

it('believes no seal of one kind on a message of another', () => {
  const seals = sealsAt(() => 0);
  expect(seals.acceptNotice('a', payload, seals.answer('a', payload))).toBe(false);
  expect(seals.acceptAnswer('a', payload, seals.notice('a', payload))).toBe(false);
  expect(seals.acceptEvent('a', payload, seals.notice('a', payload))).toBe(false);
  expect(seals.acceptMessage('a', payload, seals.event('1.2', 'a', payload))).toBe(false);
});

it('accepts each number once, in any order within the window', () => {
  const window = createReplayWindow();
  for (const number of [3, 1, 2, 4_000, 3_999, 8_000, 4_001]) expect(window.accept('s', number)).toBe(true);
  for (const number of [3, 1, 2, 4_000, 3_999, 8_000, 4_001]) expect(window.accept('s', number)).toBe(false);
  // 8,000 less 4,096 is the end of the window; what is beyond may have been seen.
  expect(window.accept('s', 3_904)).toBe(false);
  expect(window.accept('s', 3_905)).toBe(true);
  expect(window.accept('s', 1_000_000)).toBe(true);
  expect(window.accept('s', 999_999)).toBe(true);
  expect(window.accept('s', 8_001)).toBe(false);
});

it('remembers a bounded number of senders, those that were heard last', () => {
  const window = createReplayWindow(2);
  for (const [number, sender] of ['a', 'b', 'a', 'c'].entries()) window.accept(sender, number + 1);
  expect([window.knows('a'), window.knows('b'), window.knows('c')]).toEqual([true, false, true]);
});
