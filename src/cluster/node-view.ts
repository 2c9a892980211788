/**
 * This node's view of the nodes of one kind: those that run actors, or those that have sockets. A node announces itself
 * every second, at once after the first announcement of a new node, and once more when it leaves. A node is removed
 * from the view after three seconds of silence, or when it did not answer a question of this node. Its next
 * announcement adds it again. The views of two nodes may differ for a while. That costs time but does no harm, because
 * the log refuses a decision on an older state.
 *
 * Only nodes with the same code are candidates for an owner. During a rolling deployment each version uses its own
 * nodes, because other code could decide differently from the code that parsed the client's request.
 */
import { performance } from 'node:perf_hooks';
import type { Broker, Topic } from '../broker/port.ts';
import type { Stream } from '../domain/event.ts';
import { type Candidate, hashOf, highestOf } from './rendezvous.ts';

export interface NodeView {
  /** The id of this node; new at each start of the process. */
  readonly self: string;
  /** The owner of a stream among the nodes that are not in `except`; undefined if it is this node. */
  ownerOf(stream: Stream, except?: ReadonlySet<string>): string | undefined;
  /** The ids of the other live nodes with the same code. */
  readonly others: readonly string[];
  /** The ids of the live nodes with the same code, including this one between `join` and `leave`; sorted. */
  readonly nodes: readonly string[];
  /** Removes a node until its next announcement. */
  drop(node: string): void;
  /**
   * The delay in milliseconds of a message that `node` sent at `sentAt`, by the clock of `node`. It is measured beyond
   * the fastest announcement of the last minute, so the clocks of the nodes need not agree. Infinity for a node that is
   * not in the view.
   */
  delayOf(node: string, sentAt: number): number;
  /** Announces this node and makes it a candidate. Call it when requests to it are served. */
  join(): void;
  /** Announces that this node leaves. It is no candidate any more, also for itself if there are others. */
  leave(): void;
  close(): void;
}

export interface NodeViewDeps {
  readonly self: string;
  /** Equal for nodes that may decide for each other. */
  readonly code: string;
  readonly broker: Pick<Broker, 'signals' | 'onReconnected' | 'connected'>;
  /** The topic of the announcements of nodes of this kind. */
  readonly topic?: Topic;
  /** Unix time in milliseconds, sent in announcements. */
  readonly now: () => number;
  /** Milliseconds of a monotonic clock; `performance.now` when absent. */
  readonly clock?: () => number;
  readonly log: { info(details: object, message: string): void };
  /** Milliseconds; 1,000 when absent. */
  readonly announceEvery?: number;
  /** Milliseconds; 3,000 when absent. */
  readonly silentAfter?: number;
  /** Called when a node with the same code was added to the view or removed. */
  onChanged?(node: string, change: 'added' | 'removed'): void;
}

interface Announcement {
  readonly node: string;
  readonly code: string;
  readonly at: number;
  readonly leaving?: true;
}

interface Node extends Candidate {
  readonly code: string;
  /** The time of the last announcement, by `clock`. */
  heardAt: number;
  /** Milliseconds that the latest announcements took, by two clocks that may differ. */
  readonly delays: number[];
}

const NODES: Topic = ['nodes'];
/** Announcements of a node whose delays are kept: for longer than a dead connection stays undetected. */
const MAX_DELAYS = 60;

export function createNodeView(deps: NodeViewDeps): NodeView {
  const { self, code, broker, now, log, announceEvery = 1_000, silentAfter = 3_000, topic = NODES } = deps;
  const clock = deps.clock ?? (() => performance.now());
  const me: Candidate = { id: self, hash: hashOf(self) };
  /** The nodes in the view, with any code. */
  const known = new Map<string, Node>();
  let others: readonly Node[] = [];
  let state: 'new' | 'joined' | 'leaving' = 'new';
  let announcing = false;
  let lastTick = clock();
  let stoppedUntil = 0;

  function updateOthers(): void {
    others = [...known.values()].filter((node) => node.code === code);
  }

  function announce(): void {
    announcing = false;
    if (state !== 'joined') return;
    broker.signals.publish(topic, { node: self, code, at: now() } satisfies Announcement);
  }

  /** Announces once per event-loop turn, even if several nodes are new. */
  function announceSoon(): void {
    if (announcing) return;
    announcing = true;
    setImmediate(announce);
  }

  function onAnnouncement(payload: unknown): void {
    const announcement = announcementIn(payload);
    if (announcement === undefined || announcement.node === self) return;
    if (announcement.leaving) {
      remove(announcement.node, 'left');
      return;
    }
    let node = known.get(announcement.node);
    if (node === undefined) {
      node = {
        id: announcement.node,
        hash: hashOf(announcement.node),
        code: announcement.code,
        heardAt: 0,
        delays: [],
      };
      known.set(node.id, node);
      updateOthers();
      log.info({ node: node.id, sameCode: node.code === code }, 'node added');
      announceSoon();
      if (node.code === code) deps.onChanged?.(node.id, 'added');
    }
    node.heardAt = clock();
    if (wasStopped(node.heardAt)) return;
    node.delays.push(now() - announcement.at);
    if (node.delays.length > MAX_DELAYS) node.delays.shift();
  }

  /**
   * Whether this process was stopped for a while. Announcements that it then receives have waited for an unknown time.
   */
  function wasStopped(time: number): boolean {
    return time < stoppedUntil || time - lastTick > 2 * announceEvery;
  }

  function remove(id: string, why: 'left' | 'silent' | 'unanswered'): void {
    const node = known.get(id);
    if (node === undefined) return;
    known.delete(id);
    updateOthers();
    log.info({ node: id, why }, 'node removed');
    if (node.code === code) deps.onChanged?.(id, 'removed');
  }

  function tick(): void {
    const time = clock();
    const pause = time - lastTick;
    const stopped = pause > 2 * announceEvery ? pause : 0;
    if (stopped > 0) stoppedUntil = time + announceEvery;
    lastTick = time;
    announce();
    for (const node of known.values()) {
      // A process that was stopped or is disconnected receives no announcements. The other nodes are not silent then.
      node.heardAt += broker.connected ? stopped : pause;
      if (time - node.heardAt > silentAfter) remove(node.id, 'silent');
    }
  }

  const subscription = broker.signals.subscribe(topic, onAnnouncement);
  const timer = setInterval(tick, announceEvery).unref();
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
    drop: (node) => remove(node, 'unanswered'),
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
