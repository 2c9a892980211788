/**
 * The people of a ticket: who is online, how far each has read, and how many messages this user has not read. They are
 * requested over HTTP, since no stream carries all of this.
 */
import type { Http } from './http.ts';
import type { Surroundings } from './surroundings.ts';
import { pathOf } from './tickets.ts';
import type { Participant, Ticket } from './types.ts';

export interface People {
  /** Never rejects: the next connection refreshes again. */
  refresh(): Promise<void>;
  /** Refreshes once after `delay`, however often it is called until then. */
  refreshSoon(): void;
  close(): void;
}

interface PeopleDeps {
  readonly ticketId: string;
  readonly http: Http;
  readonly surroundings: Pick<Surroundings, 'after'>;
  /** Milliseconds that `refreshSoon` waits. */
  readonly delay: number;
  /** This user's id, once it is known. */
  me(): string | undefined;
  /**
   * Counts the changes of `unread` that the socket reported, to tell whether an answer is older than the last of them.
   */
  unreadRevision(): number;
  /** `revision`: the value of `unreadRevision` when the request was sent. */
  onPeople(people: readonly Participant[], unread: number, revision: number): void;
}

export function createPeople({
  ticketId,
  http,
  surroundings,
  delay,
  me,
  unreadRevision,
  onPeople,
}: PeopleDeps): People {
  let cancel: (() => void) | undefined;

  async function refresh(): Promise<void> {
    const revision = unreadRevision();
    try {
      const path = `${pathOf(ticketId)}/participants`;
      const { body } = await http.request<{ participants: readonly Participant[] }>('GET', path);
      const own = body.participants.find(({ userId }) => userId === me());
      // A user who may see the ticket without being on it is not among its people.
      const unread = own?.unread ?? (await http.request<Ticket>('GET', pathOf(ticketId))).body.unread;
      onPeople(body.participants, unread, revision);
    } catch {
      // Until the next refresh, the known people are shown.
    }
  }

  return {
    refresh,
    refreshSoon() {
      cancel ??= surroundings.after(delay, () => {
        cancel = undefined;
        void refresh();
      });
    },
    close: () => cancel?.(),
  };
}

/** The answer, with read versions that events have raised since it was requested. */
export function withReads(loaded: readonly Participant[], known: readonly Participant[]): readonly Participant[] {
  const reads = new Map(known.map((one) => [one.userId, one.lastReadVersion]));
  return loaded.map((one) => ({ ...one, lastReadVersion: Math.max(one.lastReadVersion, reads.get(one.userId) ?? 0) }));
}
