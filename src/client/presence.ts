/**
 * Who is typing and who is present: facts that no log keeps. They come with seed B's chat (`join_ticket`), which is
 * joined beside the stream, and again after every end of the connection.
 */
import type { Link } from './link.ts';
import type { Surroundings } from './surroundings.ts';
import type { Person } from './ticket-state.ts';

export interface TypingChange extends Person {
  readonly typing: boolean;
}

export interface PresenceChange extends Person {
  /** Whether the user has the ticket open on some device. */
  readonly present: boolean;
}

export interface Presence {
  /** Joins the chat once the stream is live at this version. */
  join(version: number): void;
  /** This user starts or stops typing. */
  type(typing: boolean, internal: boolean): void;
  /** A message ends the typing of its sender. */
  posted(userId: string): void;
  /** This user leaves the ticket on this device. */
  leave(): void;
  close(): void;
}

interface PresenceDeps {
  readonly ticketId: string;
  readonly link: Link;
  readonly surroundings: Pick<Surroundings, 'after' | 'now'>;
  onTyping(change: TypingChange, all: readonly Person[]): void;
  onPresence(change: PresenceChange): void;
}

/** Milliseconds. The server ends a typing state that is not renewed for 6,000 milliseconds. */
const RENEW_AFTER = 3_000;
const IDLE_AFTER = 5_000;
/** Milliseconds: longer than the server's limit, so that normally the server ends the typing. */
const FORGET_AFTER = 9_000;

export function createPresence({ ticketId, link, surroundings, onTyping, onPresence }: PresenceDeps): Presence {
  const typists = new Map<string, { readonly person: Person; cancel(): void }>();
  let own: { readonly internal: boolean; readonly since: number } | undefined;
  let cancelIdle: (() => void) | undefined;
  let joined = false;

  function show(person: Person, typing: boolean): void {
    const known = typists.get(person.userId);
    known?.cancel();
    if (typing) {
      const cancel = surroundings.after(FORGET_AFTER, () => show(person, false));
      typists.set(person.userId, { person, cancel });
    } else if (!typists.delete(person.userId)) {
      return;
    }
    if (typing && known !== undefined) return;
    onTyping(
      { ...person, typing },
      [...typists.values()].map((one) => one.person),
    );
  }

  function stop(): void {
    cancelIdle?.();
    if (own === undefined) return;
    own = undefined;
    link.send('typing_stop', { ticketId });
  }

  function leave(): void {
    stop();
    for (const { person } of [...typists.values()]) show(person, false);
    if (joined) link.send('leave_ticket', { ticketId });
    joined = false;
  }

  const unsubscribes = [
    link.on('event', ({ name, payload }) => {
      if (payload?.ticketId !== ticketId) return;
      const person = { userId: String(payload.userId), userName: String(payload.userName) };
      if (name === 'user_typing') show(person, true);
      if (name === 'user_stopped_typing') show(person, false);
      if (name === 'user_joined') onPresence({ ...person, present: true });
      if (name === 'user_left') {
        show(person, false);
        onPresence({ ...person, present: false });
      }
    }),
    link.on('down', () => {
      joined = false;
      own = undefined;
      for (const { person } of [...typists.values()]) show(person, false);
    }),
  ];

  return {
    join(version) {
      joined = true;
      link.send('join_ticket', { ticketId, after: version });
    },
    type(typing, internal) {
      if (!typing) {
        stop();
        return;
      }
      const now = surroundings.now();
      if (own === undefined || own.internal !== internal || now - own.since >= RENEW_AFTER) {
        own = { internal, since: now };
        link.send('typing_start', { ticketId, ...(internal && { internal }) });
      }
      cancelIdle?.();
      cancelIdle = surroundings.after(IDLE_AFTER, stop);
    },
    posted(userId) {
      const known = typists.get(userId);
      if (known !== undefined) show(known.person, false);
    },
    leave,
    close() {
      leave();
      for (const one of unsubscribes) one();
    },
  };
}
