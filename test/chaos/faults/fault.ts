/** A fault: a disturbance of the system that lasts a moment and is then removed. */
import type { Restore } from '../history.ts';
import type { Desk } from '../load/desk.ts';
import type { Follower } from '../load/followers.ts';
import type { ChaosNode } from '../node.ts';
import type { Random } from '../random.ts';
import type { ChaosSystem } from '../system.ts';

export interface FaultContext {
  readonly system: ChaosSystem;
  readonly desk: Desk;
  readonly random: Random;
  readonly followers: readonly Follower[];
  readonly restores: Restore[];
}

export interface Fault {
  readonly kind: string;
  /** How often the fault is chosen, relative to the others. */
  readonly weight: number;
  /** Whether no event can be recorded while the fault lasts. The time to fail over then counts from its end. */
  readonly withoutLog?: true;
  /** Resolves when the fault is removed. A killed process is started again by its supervisor, which may take longer. */
  run(context: FaultContext): Promise<void>;
}

/** Milliseconds that a fault lasts, unless it ends by itself. */
export function faultDuration(random: Random): number {
  return random.between(300, 1_500);
}

export function readyNode({ system, random }: FaultContext): ChaosNode {
  return random.pick(system.nodes.filter(({ ready }) => ready));
}
