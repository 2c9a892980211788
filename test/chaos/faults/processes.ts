/** Processes of ours that die or hang: workers, whole nodes, and whichever of them leads the relay or runs a projection. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ChaosNode } from '../node.ts';
import { aMoment, type Fault, readyNode, type Scene } from './fault.ts';

/** Of whom a fault befalls. */
type Victim = (scene: Scene) => number;

const aNode: Victim = (scene) => readyNode(scene).process.pid;

const aWorker: Victim = (scene) => {
  const ready = scene.system.nodes.filter((node) => node.ready);
  const hosts = ready.filter((node) => node.workers().length > 1);
  const host = scene.random.pick(hosts.length > 0 ? hosts : ready);
  return scene.random.pick(host.workers());
};

/** Whose log said so last, of those that live. */
function whoever(said: string): Victim {
  return ({ system }) => {
    const sayings = system.nodes.filter(({ ready }) => ready).flatMap((node: ChaosNode) => node.lastSaid(said) ?? []);
    const [newest] = sayings.toSorted((a, b) => (a.time < b.time ? 1 : -1));
    if (newest === undefined) throw new RangeError(`nobody said "${said}"`);
    return newest.pid;
  };
}

const theRelay = whoever('relay leads');
const aProjector = whoever('projection active');

function killed(kind: string, weight: number, victim: Victim): Fault {
  return {
    kind,
    weight,
    async run(scene) {
      signal(victim(scene), 'SIGKILL');
      await sleep(aMoment(scene.random));
    },
  };
}

/** Longer than it takes until a silent node is left out, and until clients ask somebody else. */
const LONG = 4_000;

function stopped(kind: string, weight: number, victim: Victim, forLong = false): Fault {
  return {
    kind,
    weight,
    async run(scene) {
      const pid = victim(scene);
      signal(pid, 'SIGSTOP');
      await sleep(forLong ? LONG : aMoment(scene.random));
      signal(pid, 'SIGCONT');
    },
  };
}

/** One that has just ended by itself has had its fault. */
function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

export const processFaults: readonly Fault[] = [
  killed('kill a node', 4, aNode),
  killed('kill a worker', 4, aWorker),
  killed('kill the relay leader', 4, theRelay),
  killed('kill a projector', 3, aProjector),
  stopped('stop a node', 4, aNode),
  stopped('stop a node for long', 1, aNode, true),
  stopped('stop a worker', 4, aWorker),
  stopped('stop a worker for long', 1, aWorker, true),
  stopped('stop the relay leader', 4, theRelay),
  stopped('stop the relay leader for long', 1, theRelay, true),
  stopped('stop a projector', 4, aProjector),
  stopped('stop a projector for long', 1, aProjector, true),
];
