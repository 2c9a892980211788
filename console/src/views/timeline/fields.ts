/** A ticket's state in words: the lines that the timeline shows of it, in their order. */
import type { Texts } from '../../language/en.ts';
import type { Formats } from '../../language/formats.ts';
import type { TicketState } from './fold.ts';
import type { TimelineWords } from './words.ts';

export interface Spoken {
  readonly texts: Texts;
  readonly words: TimelineWords;
  readonly formats: Formats;
  /** By user id. */
  readonly names: ReadonlyMap<string, string>;
}

type FieldName = keyof TimelineWords['fields'];

export interface Line {
  readonly field: FieldName;
  readonly label: string;
  readonly value: string;
  /** What it was before, when that was something else. */
  readonly before: string | undefined;
}

type Tell = (state: TicketState, spoken: Spoken) => string;

const plain = (value: string | null, { words }: Spoken) => value ?? words.nothing;
const listed = (values: readonly string[], { words, formats }: Spoken) =>
  values.length === 0 ? words.nothing : formats.list(values.map(isolated));
/** Each keeps its own direction within the line. */
const isolated = (value: string) => `\u2068${value}\u2069`;

const FIELDS: readonly (readonly [FieldName, Tell])[] = [
  ['status', ({ status }, { texts }) => texts.status[status]],
  ['priority', ({ priority }, { texts }) => texts.priority[priority]],
  ['category', ({ category }, { texts }) => texts.category[category]],
  ['assignee', ({ assignee }, { texts }) => assignee?.name ?? texts.ticket.nobody],
  ['requester', ({ requesterName }) => requesterName],
  ['description', ({ description }) => description],
  ['tags', ({ tags }, spoken) => listed(tags, spoken)],
  ['station', ({ stationName, stationId }, spoken) => plain(stationName ?? stationId, spoken)],
  ['grn', ({ grnId }, spoken) => plain(grnId, spoken)],
  ['dispatch', ({ dispatchId }, spoken) => plain(dispatchId, spoken)],
  [
    'participants',
    ({ participants }, spoken) =>
      listed(
        Object.values(participants).map(({ name }) => name),
        spoken,
      ),
  ],
  ['reads', reads],
  [
    'lastMessage',
    ({ lastMessageVersion }, { words, formats }) =>
      lastMessageVersion === 0 ? words.nothing : formats.number(lastMessageVersion),
  ],
  ['updated', ({ updatedAt }, { formats }) => formats.exact(updatedAt)],
  ['version', ({ version }, { formats }) => formats.number(version)],
  ['deleted', ({ deleted }, { words }) => (deleted ? words.yes : words.no)],
];

function reads({ reads }: TicketState, spoken: Spoken): string {
  const { words, formats, names } = spoken;
  return listed(
    Object.entries(reads).map(([id, upTo]) => words.upTo(names.get(id) ?? id, formats.number(upTo))),
    spoken,
  );
}

/** Before the first event there was nothing: then nothing has changed, all of it is new. */
export function linesOf(before: TicketState, after: TicketState, spoken: Spoken): readonly Line[] {
  return FIELDS.map(([field, tell]) => {
    const value = tell(after, spoken);
    const earlier = before.exists ? tell(before, spoken) : value;
    return { field, label: spoken.words.fields[field], value, before: earlier === value ? undefined : earlier };
  });
}
