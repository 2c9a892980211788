/**
 * The read model of ticket chats: messages, conversations (one per ticket) and readers (how far each user has read).
 *
 * Unread counts need no fan-out. Each conversation counts its messages. Each message stores the count up to and
 * including itself. Each reader stores the count at the last message that they have read, so unread = count − count at
 * the cursor. A new message updates one conversation, however many people are on the ticket. SYSTEM messages do not
 * count. There are two counts, one of all messages and one of the public ones. The reader's role at the time of the
 * query decides which one applies, so no internal note counts for a user who may not see it.
 *
 * A post moves its author's cursor to the new message, and cursors never go back. So a user's own messages are never
 * after their cursor, whatever the order of posts and reads.
 */
import type { Projection } from '../engine/projection.ts';
import { foldConversations } from './conversation-batch.ts';
import { messagesDdl } from './messages-ddl.ts';

export const messagesProjection: Projection = {
  name: 'messages',
  version: 2,
  ddl: messagesDdl,
  start: () => ({ fold: foldConversations }),
};
