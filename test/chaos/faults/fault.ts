/** A fault: something that is done to the system, kept so for a moment, and undone. */
import type { Restore } from '../history.ts';
import type { Desk } from '../load/desk.ts';
import type { Follower } from '../load/followers.ts';
import type { ChaosNode } from '../node.ts';
import type { Random } from '../random.ts';
import type { ChaosSystem } from '../system.ts';

export interface Scene {
  readonly system: ChaosSystem;
  readonly desk: Desk;
  readonly random: Random;
  readonly followers: readonly Follower[];
  readonly restores: Restore[];
}

export interface Fault {
  readonly kind: string;
  /** How often it is chosen, against the others. */
  readonly weight: number;
  /** Whether nobody can record anything while it lasts: it is then no matter of failing over before it is undone. */
  readonly withoutLog?: true;
  /** Resolves when it is undone. What dies is started again by others, and may take longer. */
  run(scene: Scene): Promise<void>;
}

/** Milliseconds that a fault lasts, for those that do not end by themselves. */
export function aMoment(random: Random): number {
  return random.between(300, 1_500);
}

export function readyNode({ system, random }: Scene): ChaosNode {
  return random.pick(system.nodes.filter(({ ready }) => ready));
}
