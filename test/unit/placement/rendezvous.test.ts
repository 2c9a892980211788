import { describe, expect, it } from 'vitest';
import { hashOf, highestOf } from '../../../src/cluster/rendezvous.ts';

const STREAMS = Array.from({ length: 20_000 }, (_, index) => `ticket.00000000-0000-7000-8000-${index}`);
const nodesOf = (count: number) => Array.from({ length: count }, (_, index) => node(`node-${index}`));
const node = (id: string) => ({ id, hash: hashOf(id) });
const ownersOf = (nodes: readonly ReturnType<typeof node>[]) => STREAMS.map((stream) => highestOf(stream, nodes)?.id);

describe('rendezvous hashing', () => {
  it.each([2, 3, 5, 8, 16])('gives each of %i nodes its share of the streams, give or take a tenth', (count) => {
    const nodes = nodesOf(count);
    const shares = new Map<string | undefined, number>();
    for (const owner of ownersOf(nodes)) shares.set(owner, (shares.get(owner) ?? 0) + 1);
    for (const { id } of nodes) {
      expect(shares.get(id)).toBeGreaterThan((0.9 * STREAMS.length) / count);
      expect(shares.get(id)).toBeLessThan((1.1 * STREAMS.length) / count);
    }
  });

  it('moves only the streams of the node that came or went', () => {
    const nodes = nodesOf(4);
    const before = ownersOf(nodes);
    const joining = node('joining');
    const after = ownersOf([...nodes, joining]);
    const moved = STREAMS.filter((_, index) => before[index] !== after[index]);
    expect(moved.length).toBeGreaterThan(0);
    expect(moved.every((stream) => highestOf(stream, [...nodes, joining])?.id === joining.id)).toBe(true);

    const [lost, ...left] = nodes;
    ownersOf(left).forEach((owner, index) => {
      if (before[index] !== lost?.id) expect(owner).toBe(before[index]);
    });
  });

  it('spreads the streams of a lost node over all other nodes', () => {
    const [lost, ...left] = nodesOf(4);
    const shares = new Map<string | undefined, number>();
    const before = ownersOf(lost ? [lost, ...left] : left);
    ownersOf(left).forEach((owner, index) => {
      if (before[index] === lost?.id) shares.set(owner, (shares.get(owner) ?? 0) + 1);
    });
    const inherited = [...shares.values()].reduce((sum, count) => sum + count, 0);
    expect(shares.size).toBe(3);
    for (const count of shares.values()) expect(count).toBeGreaterThan(inherited / 4);
  });

  it('does not depend on the order in which the nodes are known', () => {
    const nodes = nodesOf(7);
    expect(ownersOf(nodes.toReversed())).toEqual(ownersOf(nodes));
  });

  it('finds no owner without nodes', () => {
    expect(highestOf('ticket.1', [])).toBeUndefined();
  });
});
