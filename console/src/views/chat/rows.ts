/**
 * A conversation as the rows that are shown: days, messages, and what is on its way. Pure. A message keeps its key from the
 * moment it is written, so that arriving moves nothing on the page.
 */
import type { Message, OutgoingMessage, Participant } from '../../../../src/client/index.ts';

/** What the ticket was opened with, where the conversation begins. */
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
  /** Whether it says who wrote it, or goes on under the one above. */
  readonly isFirst: boolean;
  /** Whether it says when, or leaves that to the one below. */
  readonly isLast: boolean;
  /** Names of others who have read up to here and no further. */
  readonly readBy: readonly string[];
}

/** What the server says about the ticket itself. */
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

/** Milliseconds after which somebody who goes on writing is named again. */
const PAUSE = 5 * 60_000;
const NOBODY: readonly string[] = [];

/** `dayEnd`: when the day of a time ends in the reader's time zone. Both are Unix times in milliseconds. */
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
    const key = message.clientMessageId ?? message.id;
    const next = messages[index + 1];
    const isFollowed = goesOn(message, next) && next !== undefined && Date.parse(next.createdAt) < until;
    if (message.messageType === 'SYSTEM') {
      rows.push({ kind: 'system', key, message });
    } else {
      const place = { isFirst: !follows, isLast: !isFollowed };
      rows.push({ kind: 'message', key, message, ...place, readBy: readers.get(message.id) ?? NOBODY });
    }
    follows = isFollowed;
  }
  let above: Said | undefined = messages.at(-1);
  for (const message of outgoing) {
    const said = { senderId: meId, internal: message.internal ?? false, createdAt: message.createdAt };
    rows.push({ kind: 'outgoing', key: message.id, message, isFirst: !goesOn(above, said) });
    above = said;
  }
  return rows;
}

interface Said {
  readonly messageType?: Message['messageType'];
  readonly senderId: string;
  readonly internal: boolean;
  readonly createdAt: string;
}

function goesOn(above: Said | undefined, said: Said | undefined): boolean {
  return (
    above !== undefined &&
    said !== undefined &&
    above.messageType !== 'SYSTEM' &&
    said.messageType !== 'SYSTEM' &&
    above.senderId === said.senderId &&
    above.internal === said.internal &&
    Date.parse(said.createdAt) - Date.parse(above.createdAt) < PAUSE
  );
}

/** By message id. That people have read what they wrote goes without saying. */
function readersOf(
  messages: readonly Message[],
  people: readonly Participant[],
  meId: string,
): ReadonlyMap<string, readonly string[]> {
  const readers = new Map<string, string[]>();
  const looking = people
    .filter(({ userId, lastReadVersion }) => userId !== meId && lastReadVersion > 0)
    .sort((a, b) => b.lastReadVersion - a.lastReadVersion);
  for (let index = messages.length - 1; index >= 0 && looking.length > 0; index -= 1) {
    const message = messages[index];
    if (message === undefined || message.messageType === 'SYSTEM') continue;
    while (looking[0] !== undefined && looking[0].lastReadVersion >= message.version) {
      const reader = looking.shift();
      if (reader === undefined || reader.userId === message.senderId) continue;
      readers.set(message.id, [...(readers.get(message.id) ?? []), reader.name]);
    }
  }
  return readers;
}
