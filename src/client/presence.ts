/**
 * Who is typing, and who is here: what no log keeps. It comes with seed B's chat (`join_ticket`), which is joined beside
 * the stream, and again after every end of the connection.
 */
import type { Link } from './link.ts';
import type { Surroundings } from './surroundings.ts';
import type { Person } from './ticket-state.ts';

export interface TypingChange extends Person {
  readonly typing: boolean;
}

export interface PresenceChange extends Person {
  /** In the ticket, on some device. */
  readonly present: boolean;
}

export interface Presence {
  /** The stream is live, up to this version. */
  join(version: number): void;
  /** This user types, or no longer does. */
  type(typing: boolean, internal: boolean): void;
  /** Messages end the typing of whoever posted them. */
  posted(userId: string): void;
  /** This user is not in the ticket any more, on this device. */
  leave(): void;
  close(): void;
}

interface Parts {
  readonly ticketId: string;
  readonly link: Link;
  readonly surroundings: Pick<Surroundings, 'after' | 'now'>;
  onTyping(change: TypingChange, all: readonly Person[]): void;
  onPresence(change: PresenceChange): void;
}

/** Milliseconds: the server ends typing that nobody renews after 6,000. */
const RENEW = 3_000;
const IDLE = 5_000;
/** Longer than the server takes, which is the one to say so. */
const FORGET = 9_000;

export function createPresence({ ticketId, link, surroundings, onTyping, onPresence }: Parts): Presence {
  const typists = new Map<string, { readonly person: Person; callOff(): void }>();
  let own: { readonly internal: boolean; readonly since: number } | undefined;
  let callOffIdle: (() => void) | undefined;
  let joined = false;

  function show(person: Person, typing: boolean): void {
    const known = typists.get(person.userId);
    known?.callOff();
    if (typing) {
      const callOff = surroundings.after(FORGET, () => show(person, false));
      typists.set(person.userId, { person, callOff });
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
    callOffIdle?.();
    if (own === undefined) return;
    own = undefined;
    link.tell('typing_stop', { ticketId });
  }

  function leave(): void {
    stop();
    for (const { person } of [...typists.values()]) show(person, false);
    if (joined) link.tell('leave_ticket', { ticketId });
    joined = false;
  }

  const ignore = [
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
      link.tell('join_ticket', { ticketId, after: version });
    },
    type(typing, internal) {
      if (!typing) {
        stop();
        return;
      }
      const now = surroundings.now();
      if (own === undefined || own.internal !== internal || now - own.since >= RENEW) {
        own = { internal, since: now };
        link.tell('typing_start', { ticketId, ...(internal && { internal }) });
      }
      callOffIdle?.();
      callOffIdle = surroundings.after(IDLE, stop);
    },
    posted(userId) {
      const known = typists.get(userId);
      if (known !== undefined) show(known.person, false);
    },
    leave,
    close() {
      leave();
      for (const one of ignore) one();
    },
  };
}
