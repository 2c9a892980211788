/**
 * The users who are typing in a ticket. A signal carries the start and the end to every process with members in the
 * ticket. Each process ends it by itself when no further signal comes, so that nobody seems to type for ever after a
 * process has died. Only staff in the ticket see that a user types an internal note.
 */
import Type from 'typebox';
import type { Broker, Subscription, Topic } from '../../broker/port.ts';
import { validator } from '../../contract/validation.ts';
import type { UserFacts } from '../../domain/user/identity.ts';
import type { LiveStream } from './live-stream.ts';

const signalSchema = validator(
  Type.Object({
    user: Type.Object({ id: Type.String(), name: Type.String() }),
    typing: Type.Boolean(),
    internal: Type.Boolean(),
  }),
);
type Signal = ReturnType<typeof signalSchema>;

export interface Typing {
  /** Receives the signals of a ticket until `unfollow`. */
  follow(ticket: LiveStream): void;
  unfollow(ticket: LiveStream): void;
  /** Call it when a user starts, continues or ends to type. `internal`: an internal note. */
  publish(ticketId: string, user: UserFacts, typing: boolean, internal: boolean): void;
  /** Call it when a user posts or leaves. Does nothing if the user was not typing. */
  stop(ticketId: string, userId: string): void;
  close(): void;
}

interface TypingDeps {
  readonly signals: Broker['signals'];
  /** Milliseconds after which typing ends without a further signal. */
  readonly expires: number;
  readonly now: () => number;
  onError(error: unknown): void;
}

interface Followed {
  readonly ticket: LiveStream;
  readonly subscription: Subscription;
  readonly typists: Map<string, { readonly signal: Signal; readonly timer: NodeJS.Timeout }>;
}

export function createTyping({ signals, expires, now, onError }: TypingDeps): Typing {
  const followed = new Map<string, Followed>();

  function receive(entry: Followed, signal: Signal): void {
    const { typists, ticket } = entry;
    const known = typists.get(signal.user.id);
    clearTimeout(known?.timer);
    typists.delete(signal.user.id);
    if (signal.typing) {
      // When a user changes from a message to a note, members without access to the note see that typing ends.
      if (known !== undefined && known.signal.internal !== signal.internal) show(ticket, known.signal, false);
      const end = { ...signal, typing: false };
      typists.set(signal.user.id, { signal, timer: setTimeout(receive, expires, entry, end).unref() });
      show(ticket, signal, true);
    } else if (known !== undefined) {
      show(ticket, known.signal, false);
    }
  }

  function show(ticket: LiveStream, { user, internal }: Signal, typing: boolean): void {
    const act = { ticketId: ticket.id, user, timestamp: new Date(now()).toISOString() };
    for (const dialect of ticket.dialects) {
      const wire = dialect.tickets?.typing?.(act, typing);
      if (wire !== undefined) ticket.send(dialect, { ...wire, audience: internal ? 'internal' : 'public' }, user.id);
    }
  }

  function publish(ticketId: string, { id, name }: UserFacts, typing: boolean, internal: boolean): void {
    const signal: Signal = { user: { id, name }, typing, internal };
    signals.publish(topicOf(ticketId), signal);
  }

  function unfollow(ticket: LiveStream): void {
    const entry = followed.get(ticket.id);
    if (entry?.ticket !== ticket) return;
    followed.delete(ticket.id);
    entry.subscription.close();
    for (const { timer } of entry.typists.values()) clearTimeout(timer);
  }

  return {
    follow(ticket) {
      const subscription = signals.subscribe(topicOf(ticket.id), (payload) => {
        try {
          receive(entry, signalSchema(payload));
        } catch (error) {
          onError(error);
        }
      });
      subscription.ready.catch(onError);
      const entry: Followed = { ticket, subscription, typists: new Map() };
      followed.set(ticket.id, entry);
    },
    unfollow,
    publish,
    stop(ticketId, userId) {
      const known = followed.get(ticketId)?.typists.get(userId);
      if (known !== undefined) signals.publish(topicOf(ticketId), { ...known.signal, typing: false });
    },
    close() {
      for (const { ticket } of [...followed.values()]) unfollow(ticket);
    },
  };
}

function topicOf(ticketId: string): Topic {
  return ['typing', ticketId];
}
