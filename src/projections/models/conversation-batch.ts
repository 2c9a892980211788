/**
 * Folds the events of a batch into the changes of conversations, messages and readers, for the read model of
 * `messages.ts`. A batch becomes one payload, which one statement writes.
 */
import { parseStream, type RecordedEvent } from '../../domain/event.ts';
import type { TicketEvent } from '../../domain/ticket/events.ts';
import { type Message, messageOf } from '../../domain/ticket/message.ts';
import { visibilityOf } from '../../domain/visibility.ts';
import type { Writes } from '../engine/projection.ts';

interface Conversation {
  readonly id: string;
  version: number;
  public_count: number;
  all_count: number;
  public_total: number;
  all_total: number;
  readonly internal_versions: number[];
  readonly messages: MessageRow[];
  readonly readers: Map<string, ReaderRow>;
}

interface MessageRow {
  readonly id: string;
  readonly version: number;
  readonly internal: boolean;
  /** While folding: the batch's count up to this message. In the payload: the count of messages that follow it. */
  public_after: number;
  all_after: number;
  readonly body: Message;
}

/** The changes that a batch makes to a reader; an absent field is unchanged. */
interface ReaderRow {
  readonly id: string;
  readonly user_id: string;
  name?: string;
  role?: string;
  requester?: boolean;
  assignee?: boolean;
  participant?: boolean;
  read?: number;
  /** As far as requesters may know. */
  public_read?: number;
}

/** Returns the payload of `write`; undefined when no event concerns the read model. */
export function foldConversations(events: readonly RecordedEvent[]): Writes | undefined {
  const conversations = new Map<string, Conversation>();
  const deleted = new Set<string>();
  for (const event of events) {
    if (!event.stream.startsWith('ticket.')) continue;
    const ticketEvent = event as RecordedEvent<TicketEvent>;
    const { id } = parseStream(event.stream);
    if (event.type === 'TicketDeleted') {
      conversations.delete(id);
      deleted.add(id);
      continue;
    }
    let conversation = conversations.get(id);
    if (conversation === undefined) {
      conversation = newConversation(id);
      conversations.set(id, conversation);
    }
    conversation.version = event.version;
    if (visibilityOf(event) === 'internal') conversation.internal_versions.push(event.version);
    addMessage(conversation, ticketEvent);
    addPeople(conversation, ticketEvent);
  }
  if (conversations.size === 0 && deleted.size === 0) return undefined;
  return { payload: payloadOf([...conversations.values()], [...deleted]) };
}

function newConversation(id: string): Conversation {
  return {
    id,
    version: 0,
    public_count: 0,
    all_count: 0,
    public_total: 0,
    all_total: 0,
    internal_versions: [],
    messages: [],
    readers: new Map(),
  };
}

function addMessage(conversation: Conversation, event: RecordedEvent<TicketEvent>): void {
  const body = messageOf(event);
  if (body === undefined) return;
  const { id, messages } = conversation;
  conversation.all_total += 1;
  if (!body.internal) conversation.public_total += 1;
  if (body.messageType !== 'SYSTEM') {
    conversation.all_count += 1;
    if (!body.internal) conversation.public_count += 1;
  }
  messages.push({
    id,
    version: body.version,
    internal: body.internal,
    public_after: conversation.public_count,
    all_after: conversation.all_count,
    body,
  });
}

function addPeople(conversation: Conversation, event: RecordedEvent<TicketEvent>): void {
  switch (event.type) {
    case 'TicketOpened': {
      const { requesterId, requesterName } = event.data;
      Object.assign(readerOf(conversation, requesterId), { requester: true, name: requesterName });
      return;
    }
    case 'TicketChanged': {
      const { assignee } = event.data.changes;
      if (assignee?.from) readerOf(conversation, assignee.from.id).assignee = false;
      if (assignee?.to)
        Object.assign(readerOf(conversation, assignee.to.id), { assignee: true, name: assignee.to.name });
      return;
    }
    case 'ParticipantAdded': {
      const { userId, name, role } = event.data;
      Object.assign(readerOf(conversation, userId), { participant: true, name, role });
      return;
    }
    case 'ParticipantRemoved':
      readerOf(conversation, event.data.userId).participant = false;
      return;
    case 'MessagePosted': {
      const { id, name, role } = event.metadata.actor;
      const reader = markReadTo(conversation, id, event.version, event.data.internal);
      Object.assign(reader, { name, role, ...(!event.data.internal && { participant: true }) });
      return;
    }
    case 'TicketRead':
      // A client may name a version that does not exist yet.
      markReadTo(
        conversation,
        event.data.userId,
        Math.min(event.data.upTo, event.version),
        visibilityOf(event) === 'internal',
      );
  }
}

function markReadTo(conversation: Conversation, userId: string, version: number, internal: boolean): ReaderRow {
  const reader = readerOf(conversation, userId);
  reader.read = Math.max(reader.read ?? 0, version);
  if (!internal) reader.public_read = Math.max(reader.public_read ?? 0, version);
  return reader;
}

function readerOf({ id, readers }: Conversation, userId: string): ReaderRow {
  let reader = readers.get(userId);
  if (reader === undefined) {
    reader = { id, user_id: userId };
    readers.set(userId, reader);
  }
  return reader;
}

function payloadOf(conversations: readonly Conversation[], deleted: readonly string[]): readonly unknown[] {
  const messages: MessageRow[] = [];
  const readers: ReaderRow[] = [];
  for (const conversation of conversations) {
    for (const message of conversation.messages) {
      message.public_after = conversation.public_count - message.public_after;
      message.all_after = conversation.all_count - message.all_after;
      messages.push(message);
    }
    for (const reader of conversation.readers.values()) readers.push(reader);
  }
  const counts = conversations.map(({ messages: _messages, readers: _readers, ...row }) => row);
  return [deleted, counts, messages, readers];
}
