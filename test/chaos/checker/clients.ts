/**
 * Every client converged: a client that applied what it received, in that order, has exactly the events of the log that
 * its user may see, under the versions that this user sees. There is no gap, no repetition, no wrong order and no event
 * that the user may not see. In segments from before the client had to load again, versions must at least always rise.
 */
import type { RecordedEvent } from '../../../src/domain/event.ts';
import type { TicketEvent } from '../../../src/domain/ticket/events.ts';
import { messageOf } from '../../../src/domain/ticket/message.ts';
import { visibilityOf } from '../../../src/domain/visibility.ts';
import { modelOf } from '../../integration/projections/model.ts';
import type { Following, Frame, History, Rule, Segment } from '../history.ts';
import { numberingOf } from './numbering.ts';
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
      // The client left before it learnt that this history is gone.
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

/** The frames that a following must have applied from the start; computed once for all followings that see the same. */
export function expectations({ log }: Pick<History, 'log'>): (following: Following) => readonly Frame[] {
  const streams = Map.groupBy(log, ({ stream }) => stream);
  const model = modelOf(log, notificationId);
  const numbering = numberingOf(log);
  const known = new Map<string, readonly Frame[]>();
  return ({ dialect, stream, viewer }) => {
    const key = `${dialect} ${stream} ${viewer.staff}`;
    const before = known.get(key);
    if (before !== undefined) return before;
    const events = streams.get(stream) ?? [];
    const shown = (version: number) => numbering.shown(stream, version, viewer);
    const frames = stream.startsWith('user.')
      ? model.inbox(viewer.id).map(({ event, seq }) => ({ version: seq, id: notificationId(event, viewer.id) }))
      : events
          .filter((event) => viewer.staff || visibilityOf(event) === 'public')
          .flatMap((event) =>
            dialect === 'chat' ? chatFrames(event, shown) : [{ version: shown(event.version), id: event.id }],
          );
    known.set(key, frames);
    return frames;
  };
}

/** Ticket chat sends messages and read positions, each with the versions that the viewer sees. */
function chatFrames(event: RecordedEvent, shown: (version: number) => number): Frame[] {
  const version = shown(event.version);
  if (event.type === 'TicketRead') return [{ version, id: readId(event.data.userId, shown(event.data.upTo)) }];
  const message = messageOf(event as RecordedEvent<TicketEvent>);
  return message === undefined ? [] : [{ version, id: message.id }];
}

/** The name of a read position, which has no id of its own. */
export function readId(userId: string, upTo: number): string {
  return `read ${userId} ${upTo}`;
}
