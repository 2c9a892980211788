/**
 * The nodes of one kind (those that run actors, those that have sockets), as this one sees them. Each announces itself
 * every second, at once when it hears of a node that is new to it, and once more when it leaves. A node that is silent
 * for three seconds, or that somebody here got no answer from, is left out until it is heard of again. Views may differ
 * for a while: that costs time and is never wrong, because the log refuses whoever decided on an older state.
 *
 * Only nodes of the same code are candidates: during a rolling deployment each version keeps to itself, since a
 * decision by other code than the one that understood the client's request could mean something else.
 */
import { performance } from 'node:perf_hooks';
import type { Broker, Topic } from '../broker/port.ts';
import type { Stream } from '../domain/event.ts';
import { type Candidate, hashOf, highestOf } from './rendezvous.ts';

export interface NodeView {
  /** This node: a new id for each start of a process. */
  readonly self: string;
  /** The node that a stream belongs to, out of those not in `except`; undefined when it is for this one. */
  ownerOf(stream: Stream, except?: ReadonlySet<string>): string | undefined;
  /** The ids of the live nodes of this one's code but itself. */
  readonly others: readonly string[];
  /** The ids of the live nodes of this one's code, itself included unless it is leaving. */
  readonly nodes: readonly string[];
  /** Leaves a node out until it is heard of again. */
  drop(node: string): void;
  /**
   * For how many milliseconds something that `node` sent at `sentAt`, by its clock, has been on its way, beyond the
   * least that its announcements of the last minute have taken; so the clocks need not agree. Infinity for a node that
   * is not heard of.
   */
  delayOf(node: string, sentAt: number): number;
  /** Announces this node and begins to count it in; call it when requests to it are served. */
  join(): void;
  /** Tells the others to do without this node, and prefers them from now on. */
  leave(): void;
  close(): void;
}

export interface NodeViewDependencies {
  readonly self: string;
  /** The same for nodes that may decide for each other. */
  readonly code: string;
  readonly broker: Pick<Broker, 'signals' | 'onReconnected' | 'connected'>;
  /** Under which nodes of this kind announce themselves. */
  readonly topic?: Topic;
  /** Unix time in milliseconds, sent to the other nodes. */
  readonly now: () => number;
  /** Milliseconds of a clock that only goes forward; `performance.now` when absent. */
  readonly clock?: () => number;
  readonly log: { info(details: object, message: string): void };
  /** Milliseconds. */
  readonly announceEvery?: number;
  readonly silentAfter?: number;
  /** A node of this one's code was heard of, or was left out. */
  onChanged?(node: string, change: 'heard' | 'left out'): void;
}

interface Announcement {
  readonly node: string;
  readonly code: string;
  readonly at: number;
  readonly leaving?: true;
}

interface Node extends Candidate {
  readonly code: string;
  /** By `clock`. */
  heardAt: number;
  /** What the latest announcements took, by two clocks that may differ. */
  readonly delays: number[];
}

const NODES: Topic = ['nodes'];
/** Announcements that tell how long a message takes: more than a connection survives without a sign of life. */
const REMEMBERED = 60;

export function createNodeView(dependencies: NodeViewDependencies): NodeView {
  const { self, code, broker, now, log, announceEvery = 1_000, silentAfter = 3_000, topic = NODES } = dependencies;
  const clock = dependencies.clock ?? (() => performance.now());
  const me: Candidate = { id: self, hash: hashOf(self) };
  /** Those heard of, of whatever code. */
  const known = new Map<string, Node>();
  let others: readonly Node[] = [];
  let state: 'new' | 'joined' | 'leaving' = 'new';
  let announcing = false;
  let lastLook = clock();
  let stoppedUntil = 0;

  function changed(): void {
    others = [...known.values()].filter((node) => node.code === code);
  }

  function announce(): void {
    announcing = false;
    if (state !== 'joined') return;
    broker.signals.publish(topic, { node: self, code, at: now() } satisfies Announcement);
  }

  /** Once, however many new nodes are heard of in one turn. */
  function announceSoon(): void {
    if (announcing) return;
    announcing = true;
    setImmediate(announce);
  }

  function hear(payload: unknown): void {
    const said = announcementIn(payload);
    if (said === undefined || said.node === self) return;
    if (said.leaving) {
      forget(said.node, 'left');
      return;
    }
    let node = known.get(said.node);
    if (node === undefined) {
      node = { id: said.node, hash: hashOf(said.node), code: said.code, heardAt: 0, delays: [] };
      known.set(node.id, node);
      changed();
      log.info({ node: node.id, sameCode: node.code === code }, 'node heard of');
      announceSoon();
      if (node.code === code) dependencies.onChanged?.(node.id, 'heard');
    }
    node.heardAt = clock();
    if (wasStopped(node.heardAt)) return;
    node.delays.push(now() - said.at);
    if (node.delays.length > REMEMBERED) node.delays.shift();
  }

  /** Whether this process did nothing for a while: what it hears next has waited for it, for nobody knows how long. */
  function wasStopped(time: number): boolean {
    return time < stoppedUntil || time - lastLook > 2 * announceEvery;
  }

  function forget(id: string, why: 'left' | 'silent' | 'unanswered'): void {
    const node = known.get(id);
    if (node === undefined) return;
    known.delete(id);
    changed();
    log.info({ node: id, why }, 'node left out');
    if (node.code === code) dependencies.onChanged?.(id, 'left out');
  }

  function look(): void {
    const time = clock();
    const pause = time - lastLook;
    const stopped = pause > 2 * announceEvery ? pause : 0;
    if (stopped > 0) stoppedUntil = time + announceEvery;
    lastLook = time;
    announce();
    for (const node of known.values()) {
      // Who was stopped, or is cut off, has heard nobody, and must not take that for the others' silence.
      node.heardAt += broker.connected ? stopped : pause;
      if (time - node.heardAt > silentAfter) forget(node.id, 'silent');
    }
  }

  const subscription = broker.signals.subscribe(topic, hear);
  const timer = setInterval(look, announceEvery).unref();
  const stopReconnected = broker.onReconnected(announce);

  return {
    self,
    ownerOf(stream, except) {
      if (others.length === 0) return undefined;
      const candidates: Candidate[] = state === 'joined' ? [me] : [];
      for (const node of others) if (!except?.has(node.id)) candidates.push(node);
      const owner = highestOf(stream, candidates);
      return owner === me ? undefined : owner?.id;
    },
    get others() {
      return others.map(({ id }) => id);
    },
    get nodes() {
      return [...(state === 'joined' ? [self] : []), ...others.map(({ id }) => id)].sort();
    },
    drop: (node) => forget(node, 'unanswered'),
    delayOf(node, sentAt) {
      const delays = known.get(node)?.delays ?? [];
      return delays.length === 0 ? Number.POSITIVE_INFINITY : now() - sentAt - Math.min(...delays);
    },
    join() {
      state = 'joined';
      announce();
    },
    leave() {
      if (state !== 'joined') return;
      state = 'leaving';
      broker.signals.publish(topic, { node: self, code, at: now(), leaving: true } satisfies Announcement);
    },
    close() {
      clearInterval(timer);
      stopReconnected();
      subscription.close();
    },
  };
}

function announcementIn(payload: unknown): Announcement | undefined {
  if (typeof payload !== 'object' || payload === null) return undefined;
  const { node, code, at, leaving } = payload as Partial<Record<keyof Announcement, unknown>>;
  if (typeof node !== 'string' || typeof code !== 'string' || typeof at !== 'number') return undefined;
  return { node, code, at, ...(leaving === true && { leaving }) };
}
