/** A ticket's state in words: the lines that the timeline shows, in their order. */
import type { Texts } from '../../language/en.ts';
import type { Formats } from '../../language/formats.ts';
import type { TicketState } from './fold.ts';
import type { TimelineWords } from './words.ts';

export interface LanguageContext {
  readonly texts: Texts;
  readonly words: TimelineWords;
  readonly formats: Formats;
  /** User names by user id. */
  readonly names: ReadonlyMap<string, string>;
}

type FieldName = keyof TimelineWords['fields'];

export interface Line {
  readonly field: FieldName;
  readonly label: string;
  readonly value: string;
  /** The previous value, when it was different. */
  readonly before: string | undefined;
}

type TextOf = (state: TicketState, context: LanguageContext) => string;

const plain = (value: string | null, { words }: LanguageContext) => value ?? words.nothing;
const listed = (values: readonly string[], { words, formats }: LanguageContext) =>
  values.length === 0 ? words.nothing : formats.list(values.map(isolated));
/** Isolates a value, so that each keeps its own direction within the line. */
const isolated = (value: string) => `\u2068${value}\u2069`;

const FIELDS: readonly (readonly [FieldName, TextOf])[] = [
  ['status', ({ status }, { texts }) => texts.status[status]],
  ['priority', ({ priority }, { texts }) => texts.priority[priority]],
  ['category', ({ category }, { texts }) => texts.category[category]],
  ['assignee', ({ assignee }, { texts }) => assignee?.name ?? texts.ticket.nobody],
  ['requester', ({ requesterName }) => requesterName],
  ['description', ({ description }) => description],
  ['tags', ({ tags }, context) => listed(tags, context)],
  ['station', ({ stationName, stationId }, context) => plain(stationName ?? stationId, context)],
  ['grn', ({ grnId }, context) => plain(grnId, context)],
  ['dispatch', ({ dispatchId }, context) => plain(dispatchId, context)],
  [
    'participants',
    ({ participants }, context) =>
      listed(
        Object.values(participants).map(({ name }) => name),
        context,
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

function reads({ reads }: TicketState, context: LanguageContext): string {
  const { words, formats, names } = context;
  return listed(
    Object.entries(reads).map(([id, upTo]) => words.upTo(names.get(id) ?? id, formats.number(upTo))),
    context,
  );
}

/** The first event changes nothing: all its values are new. */
export function linesOf(before: TicketState, after: TicketState, context: LanguageContext): readonly Line[] {
  return FIELDS.map(([field, textOf]) => {
    const value = textOf(after, context);
    const earlier = before.exists ? textOf(before, context) : value;
    return { field, label: context.words.fields[field], value, before: earlier === value ? undefined : earlier };
  });
}
