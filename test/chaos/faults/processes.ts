/**
 * Faults of Deskwire's processes, which die or hang: nodes, workers, the relay's leader, the runner of a projection.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ChaosNode } from '../node.ts';
import { type Fault, type FaultContext, faultDuration, readyNode } from './fault.ts';

/** Chooses the process that a fault affects. */
type PidOf = (context: FaultContext) => number;

const aNode: PidOf = (context) => readyNode(context).process.pid;

const aWorker: PidOf = (context) => {
  const ready = context.system.nodes.filter((node) => node.ready);
  const hosts = ready.filter((node) => node.workers().length > 1);
  const host = context.random.pick(hosts.length > 0 ? hosts : ready);
  return context.random.pick(host.workers());
};

/** The living process that logged this message last. */
function lastToLog(message: string): PidOf {
  return ({ system }) => {
    const lines = system.nodes
      .filter(({ ready }) => ready)
      .flatMap((node: ChaosNode) => node.lastLogged(message) ?? []);
    const [newest] = lines.toSorted((a, b) => (a.time < b.time ? 1 : -1));
    if (newest === undefined) throw new RangeError(`no process logged "${message}"`);
    return newest.pid;
  };
}

const theRelay = lastToLog('relay leads');
const aProjector = lastToLog('projection active');

function killed(kind: string, weight: number, pidOf: PidOf): Fault {
  return {
    kind,
    weight,
    async run(context) {
      signal(pidOf(context), 'SIGKILL');
      await sleep(faultDuration(context.random));
    },
  };
}

/**
 * Milliseconds; longer than the time-out for a silent node, and longer than clients wait before they ask another node.
 */
const LONG = 4_000;

function stopped(kind: string, weight: number, pidOf: PidOf, forLong = false): Fault {
  return {
    kind,
    weight,
    async run(context) {
      const pid = pidOf(context);
      signal(pid, 'SIGSTOP');
      await sleep(forLong ? LONG : faultDuration(context.random));
      signal(pid, 'SIGCONT');
    },
  };
}

/** Sends a signal. A process that has just ended by itself counts as hit. */
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
