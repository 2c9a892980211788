/** All events of a ticket, oldest first, kept current. */
import { useEffect, useState } from 'react';
import { type Client, DeskwireError, type TimelineEntry } from '../../../../src/client/index.ts';
import { useReport } from '../../components/toasts.tsx';
import { useSignedIn } from '../../session/signed-in.tsx';

export interface Timeline {
  readonly entries: readonly TimelineEntry[];
  /** `loading` until all existing events are read; `gone` when this user may not see them. */
  readonly status: 'loading' | 'there' | 'gone';
}

const PAGE = 100;
const EMPTY: Timeline = { entries: [], status: 'loading' };

export function useTimeline(ticketId: string): Timeline {
  const { client } = useSignedIn();
  const report = useReport();
  const [timeline, setTimeline] = useState<Timeline>(EMPTY);
  useEffect(() => {
    setTimeline(EMPTY);
    return follow(client, ticketId, setTimeline, report);
  }, [client, ticketId, report]);
  return timeline;
}

/** Returns a function that ends it. */
function follow(
  client: Client,
  ticketId: string,
  show: (timeline: Timeline) => void,
  report: (error: unknown) => void,
): () => void {
  const handle = client.ticket(ticketId);
  let entries: readonly TimelineEntry[] = [];
  let wanted = true;
  let reading = false;
  let again = false;

  async function read(): Promise<void> {
    for (let next: number | null = entries.at(-1)?.version ?? 0; next !== null && wanted; ) {
      const page = await client.tickets.timeline(ticketId, { after: next, limit: PAGE });
      entries = [...entries, ...page.items];
      next = page.nextAfter;
      if (wanted) show({ entries, status: next === null ? 'there' : 'loading' });
    }
  }

  /** Reads one at a time: a change during a read triggers another read afterwards. */
  async function catchUp(): Promise<void> {
    if (reading) {
      again = true;
      return;
    }
    reading = true;
    try {
      do {
        again = false;
        await read();
      } while (again && wanted);
    } catch (error) {
      if (!wanted) return;
      const isGone = error instanceof DeskwireError && (error.code === 'not_found' || error.code === 'forbidden');
      if (isGone && entries.length === 0) show({ entries, status: 'gone' });
      else report(error);
    } finally {
      reading = false;
    }
  }

  let { ticket, messages, people } = handle.state;
  const unsubscribe = handle.on('change', (state) => {
    // Typing and presence are not events.
    if (state.ticket === ticket && state.messages === messages && state.people === people) return;
    ({ ticket, messages, people } = state);
    void catchUp();
  });
  void catchUp();
  return () => {
    wanted = false;
    unsubscribe();
    handle.close();
  };
}
