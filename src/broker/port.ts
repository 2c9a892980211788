/**
 * The interface of the broker to the rest of Deskwire, without the vocabulary of NATS.
 *
 * Five channels with different guarantees:
 * - `followLog`: recorded events in position order, from JetStream. It may end at any time (`done`), and may have gaps.
 * - `live`: recorded events of one stream as they happen. They may be lost, repeated or reordered, so receivers check
 *   versions.
 * - `signals`: ephemeral messages (typing, inbox hints, heartbeats). They arrive at most once and are never stored.
 *   They are dropped while the server does not accept them.
 * - `requests`: a question to one process and its answer, or the reason why there is none.
 * - boards: notices of processes. Listeners receive a notice at once. Processes that start later read it, until it
 *   expires because it was not published again.
 *
 * `live` and `signals` deliver this process's own messages at once from memory, without a round trip.
 *
 * What other processes send is believed only with the seal of the cluster (`seal.ts`); anything else is ignored.
 */
import type { RecordedEvent, Stream } from '../domain/event.ts';

export interface Subscription {
  /** Resolves when the server has registered the subscription: everything published after that is delivered. */
  readonly ready: Promise<void>;
  close(): void;
}

export interface Service {
  readonly ready: Promise<void>;
  /** Accepts no further requests; resolves when those that have arrived are answered. */
  close(): Promise<void>;
}

/**
 * Why a request has no answer: no process serves the topic, no answer came in time, the request was not sent, or the
 * answer was too large.
 */
export type NoAnswer = 'nobody' | 'late' | 'unsent' | 'oversized';

/** With any reason but `nobody` and `unsent`, the request may have been served. */
export class UnansweredError extends Error {
  override readonly name = 'UnansweredError';
  readonly reason: NoAnswer;

  constructor(reason: NoAnswer, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

export type EventHandler = (event: RecordedEvent) => void;

/** The name of a signal or question as tokens, such as `['inbox', userId]`; any characters. */
export type Topic = readonly [string, ...string[]];

export interface BoardOptions {
  /** Milliseconds that a text is kept unless it is published again. */
  readonly keptFor: number;
  /** Called with each text that another process publishes. Texts of one process arrive in order; some may be lost. */
  onPut(text: string): void;
}

export interface Board {
  /** Resolves when texts of other processes are received. */
  readonly ready: Promise<void>;
  /** Replaces the text of this key. Resolves when it is stored. Listeners receive it even if it cannot be stored. */
  put(key: string, text: string): Promise<void>;
  remove(key: string): Promise<void>;
  /** All stored texts, this process's own included. Rejects while the bucket cannot be read. */
  read(): Promise<readonly string[]>;
  close(): void;
}

export interface Broker {
  readonly live: {
    /** The events of one stream, internal notes included. */
    subscribe(stream: Stream, handler: EventHandler): Subscription;
    /** The events of every stream of a kind. */
    subscribeKind(kind: 'user' | 'reference' | 'ticket', handler: EventHandler): Subscription;
    /** Delivers events that this process committed to its own subscribers, ahead of the broker. */
    deliver(events: readonly RecordedEvent[]): void;
  };
  readonly signals: {
    publish(topic: Topic, payload: unknown): void;
    subscribe(topic: Topic, handler: (payload: unknown) => void): Subscription;
  };
  readonly requests: {
    /** Answers questions on this topic. If the handler rejects, the question gets no answer. */
    serve(topic: Topic, handler: (question: unknown) => Promise<unknown>): Service;
    /** The answer of a process that serves the topic, other than this one. Rejects with UnansweredError. */
    ask(topic: Topic, question: unknown, timeoutMs: number): Promise<unknown>;
  };
  board(name: string, options: BoardOptions): Board;
  /** Calls `handler` with batches of recorded events after `position`, until closed or until JetStream fails. */
  followLog(position: number, handler: (events: readonly RecordedEvent[]) => void): LogFollower;
  /** From now on, recorded events of another epoch than `current` returns are ignored. */
  followEpoch(current: () => string): void;
  /** Calls `listener` after each reconnection: messages may have been lost before it. */
  onReconnected(listener: () => void): () => void;
  readonly connected: boolean;
  close(): Promise<void>;
}

export interface LogFollower {
  /** Resolves when it was closed, the stream was deleted or recreated, or the connection was lost. Never rejects. */
  readonly done: Promise<void>;
  close(): void;
}
