/**
 * The fields of a ticket, listed once: their types, and the rules that set, change and describe them.
 * Commands, events, state, timeline and SYSTEM messages derive from this list. A new field is one line in
 * `TicketFields`, one in `TICKET_FIELDS`, and a higher `TICKET_STATE_VERSION`.
 */
import type { Change } from '../change.ts';
import { assertName, assertText } from '../json.ts';
import type { Priority } from '../priority.ts';

export const STATUSES = ['open', 'in_progress', 'pending', 'resolved', 'closed'] as const;
export type Status = (typeof STATUSES)[number];

export const CATEGORIES = ['general', 'technical', 'payment', 'invoice', 'other'] as const;
export type Category = (typeof CATEGORIES)[number];

export interface Assignee {
  readonly id: string;
  readonly name: string;
}

/** The version of the state's shape. Raise it with every change of the fields: older snapshots are then ignored. */
export const TICKET_STATE_VERSION = 2;

/** The fields as the state holds them. A field that may be null may be left out when a ticket is opened. */
export interface TicketFields {
  readonly number: number;
  readonly requesterId: string;
  readonly requesterName: string;
  readonly status: Status;
  readonly priority: Priority;
  readonly category: Category;
  readonly assignee: Assignee | null;
  readonly tags: readonly string[];
  readonly description: string;
  readonly stationId: string | null;
  readonly stationName: string | null;
  readonly grnId: string | null;
  readonly dispatchId: string | null;
}

interface FieldRules<T> {
  /** The value before the ticket is opened, and after it when opening gave none. */
  readonly initial: T;
  /** Whether opening a ticket sets the field. */
  readonly opened: boolean;
  /** A change of the field in plain English. A field without this never changes. */
  readonly changed?: (change: Change<T>) => string;
  /** Whether a change from `a` to `b` is no change. `Object.is` when absent. */
  readonly isSame?: (a: T, b: T) => boolean;
  /** Throws `invalid_payload` for a value that the log cannot hold. */
  readonly assert?: (value: NonNullable<T>, field: string) => void;
}

type AllRules = { readonly [K in keyof TicketFields]: FieldRules<TicketFields[K]> };

/** Changes are described in the order of this table. */
export const TICKET_FIELDS = {
  number: { initial: 0, opened: true },
  requesterId: { initial: '', opened: true },
  requesterName: { initial: '', opened: true },
  status: {
    initial: 'open',
    opened: false,
    changed: ({ from, to }) => `status changed from ${words(from)} to ${words(to)}`,
  },
  priority: {
    initial: 'medium',
    opened: true,
    changed: ({ from, to }) => `priority changed from ${from} to ${to}`,
  },
  category: {
    initial: 'general',
    opened: true,
    changed: ({ from, to }) => `category changed from ${from} to ${to}`,
  },
  assignee: {
    initial: null,
    opened: false,
    changed: assignment,
    // The same person under a new name is the same assignee.
    isSame: (a, b) => a?.id === b?.id,
  },
  tags: {
    initial: [],
    opened: true,
    changed: ({ to }) => (to.length === 0 ? 'tags removed' : `tags changed to ${to.join(', ')}`),
    isSame: isSameList,
    assert: assertTexts,
  },
  // The SYSTEM message does not repeat the text: requesters read it.
  description: { initial: '', opened: true, changed: () => 'description changed', assert: assertText },
  stationId: { initial: null, opened: true },
  stationName: { initial: null, opened: true },
  grnId: { initial: null, opened: true },
  dispatchId: { initial: null, opened: true },
} as const satisfies AllRules;

/** The rules by name of a field, for code that handles every field alike. */
export const FIELD_RULES: AllRules = TICKET_FIELDS;

type Rules = typeof TICKET_FIELDS;
export type OpenedField = { [K in keyof Rules]: Rules[K]['opened'] extends true ? K : never }[keyof Rules];
export type ChangeableField = { [K in keyof Rules]: Rules[K] extends { changed: unknown } ? K : never }[keyof Rules];
type OptionalField = { [K in OpenedField]: null extends TicketFields[K] ? K : never }[OpenedField];

const names = Object.keys(TICKET_FIELDS) as (keyof TicketFields)[];
export const OPENED_FIELDS = names.filter((name): name is OpenedField => FIELD_RULES[name].opened);
export const CHANGEABLE_FIELDS = names.filter(
  (name): name is ChangeableField => FIELD_RULES[name].changed !== undefined,
);

/** The fields that opening a ticket sets, as the event `TicketOpened` holds them. */
export type OpenedFields = { readonly [K in Exclude<OpenedField, OptionalField>]: TicketFields[K] } & {
  readonly [K in OptionalField]?: NonNullable<TicketFields[K]>;
};

/** The changed fields, as the event `TicketChanged` holds them. */
export type TicketChanges = { readonly [K in ChangeableField]?: Change<TicketFields[K]> };

/** The new values in a command that changes a ticket. */
export type AskedFields = { readonly [K in ChangeableField]?: TicketFields[K] | undefined };

export function initialFields(): TicketFields {
  return Object.fromEntries(names.map((name) => [name, FIELD_RULES[name].initial])) as unknown as TicketFields;
}

/** The fields among `given` that opening sets. */
export function openedFields(given: OpenedFields): OpenedFields {
  const entries = OPENED_FIELDS.map((name) => [name, given[name]] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined)) as OpenedFields;
}

/** The state's fields right after opening. A field that `opened` leaves out has its initial value. */
export function fieldsAfterOpening(opened: OpenedFields): Pick<TicketFields, OpenedField> {
  const entries = OPENED_FIELDS.map((name) => [name, opened[name] ?? FIELD_RULES[name].initial]);
  return Object.fromEntries(entries) as Pick<TicketFields, OpenedField>;
}

/** The changes, each with the name of its field. */
export function changesIn(changes: TicketChanges): [ChangeableField, Change<unknown>][] {
  return CHANGEABLE_FIELDS.flatMap((name) => {
    const change = changes[name];
    return change === undefined ? [] : [[name, change]];
  });
}

/** Throws `invalid_payload` for the first field whose value the log cannot store. */
export function assertFields(values: Partial<OpenedFields> | AskedFields): void {
  for (const name of names) assertField(name, (values as Partial<TicketFields>)[name]);
}

function assertField<K extends keyof TicketFields>(name: K, value: TicketFields[K] | undefined): void {
  if (value !== undefined && value !== null) FIELD_RULES[name].assert?.(value, name);
}

function assertTexts(texts: readonly string[], field: string): void {
  for (const text of texts) assertName(text, field);
}

function isSameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}

function assignment({ from, to }: Change<Assignee | null>): string {
  if (to === null) return `unassigned from ${from?.name ?? 'nobody'}`;
  return from === null ? `assigned to ${to.name}` : `reassigned from ${from.name} to ${to.name}`;
}

/** `in_progress` is `in progress`. */
function words(status: Status): string {
  return status.replaceAll('_', ' ');
}
