/**
 * Turns a conversation into the rows that are shown: days, messages, and outgoing messages. Pure. A message keeps its
 * key from the moment it is written, so that the page does not move when the server confirms it.
 */
import type { Message, OutgoingMessage, Participant } from '../../../../src/client/index.ts';

/** The ticket's description, at the start of the conversation. */
export interface OpeningRow {
  readonly kind: 'opening';
  readonly key: 'opening';
}

export interface DayRow {
  readonly kind: 'day';
  readonly key: string;
  readonly at: string;
}

export interface MessageRow {
  readonly kind: 'message';
  readonly key: string;
  readonly message: Message;
  /** Whether the row names the sender, or continues the row above. */
  readonly isFirst: boolean;
  /** Whether the row shows the time, or leaves that to the row below. */
  readonly isLast: boolean;
  /** Names of other users who have read exactly up to this message. */
  readonly readBy: readonly string[];
}

/** A message of the server about the ticket itself. */
export interface SystemRow {
  readonly kind: 'system';
  readonly key: string;
  readonly message: Message;
}

export interface OutgoingRow {
  readonly kind: 'outgoing';
  readonly key: string;
  readonly message: OutgoingMessage;
  readonly isFirst: boolean;
}

export type Row = OpeningRow | DayRow | MessageRow | SystemRow | OutgoingRow;

interface Conversation {
  readonly messages: readonly Message[];
  readonly outgoing: readonly OutgoingMessage[];
  readonly people: readonly Participant[];
  readonly hasOlder: boolean;
}

/** Milliseconds after which the sender is named again. */
const SENDER_INTERVAL = 5 * 60_000;
const NOBODY: readonly string[] = [];

/** `dayEnd`: the end of the day of a time, in the reader's time zone; both in Unix time in milliseconds. */
export function rowsOf(conversation: Conversation, meId: string, dayEnd: (at: number) => number): Row[] {
  const { messages, outgoing, people, hasOlder } = conversation;
  const readers = readersOf(messages, people, meId);
  const rows: Row[] = hasOlder ? [] : [{ kind: 'opening', key: 'opening' }];
  let until = Number.NEGATIVE_INFINITY;
  let follows = false;
  for (const [index, message] of messages.entries()) {
    const isNewDay = Date.parse(message.createdAt) >= until;
    if (isNewDay) {
      until = dayEnd(Date.parse(message.createdAt));
      rows.push({ kind: 'day', key: `day ${until}`, at: message.createdAt });
    }
    // Only the sender's own ids are unique, so only the user's own messages keep the key of their outgoing row.
    const key =
      message.senderId === meId && message.clientMessageId !== undefined
        ? outgoingKey(message.clientMessageId)
        : message.id;
    const next = messages[index + 1];
    const isFollowed = continues(message, next) && next !== undefined && Date.parse(next.createdAt) < until;
    if (message.messageType === 'SYSTEM') {
      rows.push({ kind: 'system', key, message });
    } else {
      const place = { isFirst: !follows, isLast: !isFollowed };
      rows.push({ kind: 'message', key, message, ...place, readBy: readers.get(message.id) ?? NOBODY });
    }
    follows = isFollowed;
  }
  let above: Entry | undefined = messages.at(-1);
  for (const message of outgoing) {
    const entry = { senderId: meId, internal: message.internal ?? false, createdAt: message.createdAt };
    rows.push({ kind: 'outgoing', key: outgoingKey(message.id), message, isFirst: !continues(above, entry) });
    above = entry;
  }
  return rows;
}

/** No message's own id looks like this, whatever id a client chose. */
function outgoingKey(clientMessageId: string): string {
  return `own ${clientMessageId}`;
}

interface Entry {
  readonly messageType?: Message['messageType'];
  readonly senderId: string;
  readonly internal: boolean;
  readonly createdAt: string;
}

function continues(above: Entry | undefined, entry: Entry | undefined): boolean {
  return (
    above !== undefined &&
    entry !== undefined &&
    above.messageType !== 'SYSTEM' &&
    entry.messageType !== 'SYSTEM' &&
    above.senderId === entry.senderId &&
    above.internal === entry.internal &&
    Date.parse(entry.createdAt) - Date.parse(above.createdAt) < SENDER_INTERVAL
  );
}

/** Readers by message id. The sender of a message is not listed. */
function readersOf(
  messages: readonly Message[],
  people: readonly Participant[],
  meId: string,
): ReadonlyMap<string, readonly string[]> {
  const readers = new Map<string, string[]>();
  const pending = people
    .filter(({ userId, lastReadVersion }) => userId !== meId && lastReadVersion > 0)
    .sort((a, b) => b.lastReadVersion - a.lastReadVersion);
  for (let index = messages.length - 1; index >= 0 && pending.length > 0; index -= 1) {
    const message = messages[index];
    if (message === undefined || message.messageType === 'SYSTEM') continue;
    while (pending[0] !== undefined && pending[0].lastReadVersion >= message.version) {
      const reader = pending.shift();
      if (reader === undefined || reader.userId === message.senderId) continue;
      readers.set(message.id, [...(readers.get(message.id) ?? []), reader.name]);
    }
  }
  return readers;
}
