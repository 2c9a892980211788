/**
 * Every client converged: whoever applied what they were sent, in the order received, has exactly what the log says that
 * they may see. No gap, no repetition, nothing out of order, nothing that is not theirs. What a client held before it was
 * told to begin afresh must at least never have gone back.
 */
import type { RecordedEvent } from '../../../src/domain/event.ts';
import type { TicketEvent } from '../../../src/domain/ticket/events.ts';
import { messageOf } from '../../../src/domain/ticket/message.ts';
import { visibilityOf } from '../../../src/domain/visibility.ts';
import { modelOf } from '../../integration/projections/model.ts';
import type { Following, Frame, History, Rule, Segment } from '../history.ts';
import { notificationId } from './unread.ts';

export const clientsConverge: Rule = {
  name: 'every client converges to the log',
  check(history) {
    const expectedOf = expectations(history);
    return history.followings.flatMap((following) => {
      const { client, dialect, stream, segments } = following;
      const name = `${client} (${dialect}, ${stream})`;
      const backwards = segments.flatMap((segment) => outOfOrder(segment));
      if (backwards.length > 0) return backwards.map((what) => `${name}: ${what}`);
      const last = segments.at(-1);
      if (last === undefined) return following.complete ? [`${name} was never told anything`] : [];
      // It left before it was told that this history is gone.
      const gone = !following.complete && !(last.epoch ?? '').startsWith(history.epochs.at(-1) ?? '');
      if (gone && history.restores.length > 0) return [];
      const wrong = compare(last, expectedOf(following), following.complete);
      return wrong === undefined ? [] : [`${name}: ${wrong}`];
    });
  },
};

/** Versions that do not rise. */
function outOfOrder({ base, frames }: Segment): string[] {
  return frames.flatMap(({ version }, index) => {
    const before = frames[index - 1]?.version ?? base;
    if (version > before) return [];
    return [version === before ? `${version} came twice in a row` : `${version} came after ${before}`];
  });
}

function compare({ base, frames }: Segment, all: readonly Frame[], complete: boolean): string | undefined {
  const expected = all.filter(({ version }) => version > base);
  const length = complete ? expected.length : Math.min(expected.length, frames.length);
  for (let index = 0; index < Math.max(length, frames.length); index += 1) {
    const [got, must] = [frames[index], expected[index]];
    if (got?.version === must?.version && got?.id === must?.id) continue;
    const what = got === undefined ? 'nothing' : `${got.version} (${got.id})`;
    const instead = must === undefined ? 'nothing more' : `${must.version} (${must.id})`;
    return `applied ${what} as number ${index + 1} after ${base}, and the log has ${instead}`;
  }
  return undefined;
}

/** What each following must have applied from the very beginning; computed once for all who see the same. */
export function expectations({ log }: Pick<History, 'log'>): (following: Following) => readonly Frame[] {
  const streams = Map.groupBy(log, ({ stream }) => stream);
  const model = modelOf(log, notificationId);
  const known = new Map<string, readonly Frame[]>();
  return ({ dialect, stream, viewer }) => {
    const key = `${dialect} ${stream} ${viewer.staff}`;
    const before = known.get(key);
    if (before !== undefined) return before;
    const events = streams.get(stream) ?? [];
    const frames = stream.startsWith('user.')
      ? model.inbox(viewer.id).map(({ event, seq }) => ({ version: seq, id: notificationId(event, viewer.id) }))
      : events
          .filter((event) => viewer.staff || visibilityOf(event) === 'public')
          .flatMap((event) => (dialect === 'chat' ? chatFrames(event) : [{ version: event.version, id: event.id }]));
    known.set(key, frames);
    return frames;
  };
}

/** Ticket chat knows messages and how far somebody read. */
function chatFrames(event: RecordedEvent): Frame[] {
  const { version } = event;
  if (event.type === 'TicketRead') return [{ version, id: readId(event.data.userId, event.data.upTo) }];
  const message = messageOf(event as RecordedEvent<TicketEvent>);
  return message === undefined ? [] : [{ version, id: message.id }];
}

/** How a chat client names what has no id. */
export function readId(userId: string, upTo: number): string {
  return `read ${userId} ${upTo}`;
}
