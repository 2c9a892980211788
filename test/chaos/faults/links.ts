/** Faults of the network between a node and its clients, Postgres or NATS: cut, or held without notice (half-open). */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ChaosNode } from '../node.ts';
import { type Fault, faultDuration, readyNode } from './fault.ts';

const ENDS: readonly (keyof ChaosNode['links'])[] = ['clients', 'postgres', 'nats'];

function cut(end: keyof ChaosNode['links']): Fault {
  return {
    kind: `cut a node from its ${end}`,
    weight: 3,
    async run(context) {
      const link = readyNode(context).links[end];
      const { target } = link;
      link.target = undefined;
      link.cut();
      await sleep(faultDuration(context.random) / 2);
      // A node that was started again meanwhile has set its new target.
      link.target ??= target;
    },
  };
}

function held(end: keyof ChaosNode['links']): Fault {
  return {
    kind: `hold a node from its ${end}`,
    weight: 3,
    async run(context) {
      const link = readyNode(context).links[end];
      link.hold();
      await sleep(faultDuration(context.random));
      link.resume();
      if (context.random.next() < 0.5) link.cut();
    },
  };
}

export const linkFaults: readonly Fault[] = ENDS.flatMap((end) => [cut(end), held(end)]);
