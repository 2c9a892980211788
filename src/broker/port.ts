/**
 * The broker as the rest of Deskwire sees it: what NATS does for us, without its vocabulary.
 *
 * Three channels, each with its own promise:
 * - `followLog`: recorded events in position order, from JetStream; may end at any moment (`done`), and may show a gap;
 * - `live`: recorded events of one stream as they happen; may lose, repeat or reorder: whoever listens checks versions;
 * - `signals`: ephemeral messages (typing, inbox hints, heartbeats): at most once, never stored.
 *
 * `live` and `signals` deliver what this process itself published at once from memory, without the round trip.
 */
import type { RecordedEvent, Stream } from '../domain/event.ts';

export interface Subscription {
  /** Resolves when the server has registered the interest: whatever is published after that is delivered. */
  readonly ready: Promise<void>;
  close(): void;
}

export type EventHandler = (event: RecordedEvent) => void;

/** Name of a signal as tokens, such as `['inbox', userId]`; any characters. */
export type Topic = readonly [string, ...string[]];

export interface Broker {
  readonly live: {
    /** The events of one stream, internal notes included. */
    subscribe(stream: Stream, handler: EventHandler): Subscription;
    /** The events of every stream of a kind. */
    subscribeKind(kind: 'user' | 'reference', handler: EventHandler): Subscription;
    /** Delivers events that this process committed to its own subscribers, ahead of the broker. */
    deliver(events: readonly RecordedEvent[]): void;
  };
  readonly signals: {
    publish(topic: Topic, payload: unknown): void;
    subscribe(topic: Topic, handler: (payload: unknown) => void): Subscription;
  };
  /** Recorded events after `position`, in batches, until closed or until JetStream cannot go on. */
  followLog(position: number, handler: (events: readonly RecordedEvent[]) => void): LogFollower;
  /** Calls `listener` after each reconnection: anything may have been missed meanwhile. */
  onReconnected(listener: () => void): () => void;
  readonly connected: boolean;
  close(): Promise<void>;
}

export interface LogFollower {
  /** Resolves when it ended: closed, the stream deleted or recreated, the connection lost. Never rejects. */
  readonly done: Promise<void>;
  close(): void;
}
