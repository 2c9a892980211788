/**
 * The broker as the rest of Deskwire sees it: what NATS does for us, without its vocabulary.
 *
 * Five channels, each with its own promise:
 * - `followLog`: recorded events in position order, from JetStream; may end at any moment (`done`), and may show a gap;
 * - `live`: recorded events of one stream as they happen; may lose, repeat or reorder: whoever listens checks versions;
 * - `signals`: ephemeral messages (typing, inbox hints, heartbeats): at most once, never stored, nor kept for a server
 *   that does not take them;
 * - `requests`: a question to one process and its answer, or the reason why there is none;
 * - boards: what a process says of itself, heard at once and kept for newcomers until it is no longer put up again.
 *
 * `live` and `signals` deliver what this process itself published at once from memory, without the round trip.
 */
import type { RecordedEvent, Stream } from '../domain/event.ts';

export interface Subscription {
  /** Resolves when the server has registered the interest: whatever is published after that is delivered. */
  readonly ready: Promise<void>;
  close(): void;
}

export interface Service {
  readonly ready: Promise<void>;
  /** Takes no further requests; resolves once those that arrived have been answered. */
  close(): Promise<void>;
}

/** Why a request has no answer: nobody serves it, none came in time, it was never sent, or it could not be said. */
export type NoAnswer = 'nobody' | 'late' | 'unsent' | 'unspeakable';

/** After anything but `nobody` and `unsent`, the request may have been served. */
export class UnansweredError extends Error {
  override readonly name = 'UnansweredError';
  readonly reason: NoAnswer;

  constructor(reason: NoAnswer, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

export type EventHandler = (event: RecordedEvent) => void;

/** Name of a signal as tokens, such as `['inbox', userId]`; any characters. */
export type Topic = readonly [string, ...string[]];

export interface BoardOptions {
  /** Milliseconds that a text is kept unless it is put up again. */
  readonly keptFor: number;
  /** Told of what others put up, in their order, as far as the connection lets it through. */
  onPut(text: string): void;
}

export interface Board {
  /** Resolves when others are heard. */
  readonly ready: Promise<void>;
  /** In place of what was there under this key. Resolves when it is kept; listeners hear it even if it cannot be. */
  put(key: string, text: string): Promise<void>;
  remove(key: string): Promise<void>;
  /** Everything that is kept, this process's own included. Rejects while that cannot be read. */
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
    /** Answers what is asked under this topic. A handler that rejects leaves the question unanswered. */
    serve(topic: Topic, handler: (question: unknown) => Promise<unknown>): Service;
    /** The answer of a process that serves the topic, other than this one. Rejects with UnansweredError. */
    ask(topic: Topic, question: unknown, timeoutMs: number): Promise<unknown>;
  };
  board(name: string, options: BoardOptions): Board;
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
