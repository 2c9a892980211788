/** The network between a node and its clients, Postgres or NATS: cut off, or held without a word (half-open). */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ChaosNode } from '../node.ts';
import { aMoment, type Fault, readyNode } from './fault.ts';

const ENDS: readonly (keyof ChaosNode['links'])[] = ['clients', 'postgres', 'nats'];

function cut(end: keyof ChaosNode['links']): Fault {
  return {
    kind: `cut a node from its ${end}`,
    weight: 3,
    async run(scene) {
      const link = readyNode(scene).links[end];
      const { target } = link;
      link.target = undefined;
      link.cut();
      await sleep(aMoment(scene.random) / 2);
      // A node that was started anew meanwhile has told where it is.
      link.target ??= target;
    },
  };
}

function held(end: keyof ChaosNode['links']): Fault {
  return {
    kind: `hold a node from its ${end}`,
    weight: 3,
    async run(scene) {
      const link = readyNode(scene).links[end];
      link.hold();
      await sleep(aMoment(scene.random));
      link.resume();
      if (scene.random.next() < 0.5) link.cut();
    },
  };
}

export const linkFaults: readonly Fault[] = ENDS.flatMap((end) => [cut(end), held(end)]);
