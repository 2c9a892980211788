/**
 * Who is on a ticket, who of them is online, how far each has read, and how much this user has not: asked for over HTTP,
 * since no stream tells it all.
 */
import type { Http } from './http.ts';
import type { Surroundings } from './surroundings.ts';
import { pathOf } from './tickets.ts';
import type { Participant, Ticket } from './types.ts';

export interface People {
  /** Never rejects: with the next connection it is asked again. */
  refresh(): Promise<void>;
  /** Once, a little later, however often it is called until then. */
  refreshSoon(): void;
  close(): void;
}

interface Parts {
  readonly ticketId: string;
  readonly http: Http;
  readonly surroundings: Pick<Surroundings, 'after'>;
  /** Milliseconds to the refresh that comes soon. */
  readonly soon: number;
  /** This user's id, once it is known. */
  me(): string | undefined;
  /** A mark of the time, to tell what is newer than an answer. */
  asking(): number;
  /** `askedAt`: what `asking` gave when it was asked. */
  onPeople(people: readonly Participant[], unread: number, askedAt: number): void;
}

export function createPeople({ ticketId, http, surroundings, soon, me, asking, onPeople }: Parts): People {
  let callOff: (() => void) | undefined;

  async function refresh(): Promise<void> {
    const askedAt = asking();
    try {
      const path = `${pathOf(ticketId)}/participants`;
      const { body } = await http.request<{ participants: readonly Participant[] }>('GET', path);
      const own = body.participants.find(({ userId }) => userId === me());
      // Whoever is not on the ticket, but may see it, is not among them.
      const unread = own?.unread ?? (await http.request<Ticket>('GET', pathOf(ticketId))).body.unread;
      onPeople(body.participants, unread, askedAt);
    } catch {
      // Nothing is lost: it is who is online.
    }
  }

  return {
    refresh,
    refreshSoon() {
      callOff ??= surroundings.after(soon, () => {
        callOff = undefined;
        void refresh();
      });
    },
    close: () => callOff?.(),
  };
}

/** As asked for; what was read since is known better. */
export function withReads(asked: readonly Participant[], known: readonly Participant[]): readonly Participant[] {
  const reads = new Map(known.map((one) => [one.userId, one.lastReadVersion]));
  return asked.map((one) => ({ ...one, lastReadVersion: Math.max(one.lastReadVersion, reads.get(one.userId) ?? 0) }));
}
