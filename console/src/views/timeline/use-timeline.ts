/** All events of a ticket, oldest first; new ones come in as they happen. */
import { useEffect, useState } from 'react';
import { type Client, DeskwireError, type TimelineEntry } from '../../../../src/client/index.ts';
import { useReport } from '../../components/toasts.tsx';
import { useSignedIn } from '../../session/signed-in.tsx';

export interface Timeline {
  readonly entries: readonly TimelineEntry[];
  /** `loading` until all that there were have been read; `gone` when there is nothing to see. */
  readonly status: 'loading' | 'there' | 'gone';
}

const PAGE = 100;
const NOTHING: Timeline = { entries: [], status: 'loading' };

export function useTimeline(ticketId: string): Timeline {
  const { client } = useSignedIn();
  const report = useReport();
  const [timeline, setTimeline] = useState<Timeline>(NOTHING);
  useEffect(() => {
    setTimeline(NOTHING);
    return follow(client, ticketId, setTimeline, report);
  }, [client, ticketId, report]);
  return timeline;
}

/** Returns what ends it. */
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

  /** One at a time: what happens while one reads is read after it. */
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
  const off = handle.on('change', (state) => {
    // Those who type, or come and go, are no events.
    if (state.ticket === ticket && state.messages === messages && state.people === people) return;
    ({ ticket, messages, people } = state);
    void catchUp();
  });
  void catchUp();
  return () => {
    wanted = false;
    off();
    handle.close();
  };
}
