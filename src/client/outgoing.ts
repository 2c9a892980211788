/** A ticket's messages on their way: those in the outbox, and those acknowledged but not yet in the stream. */
import type { OutboxEntry } from './outbox.ts';
import { laneOf, POST } from './tickets.ts';
import type { Message, OutgoingMessage, PostMessage } from './types.ts';

export function outgoingOf(
  ticketId: string,
  entries: readonly OutboxEntry[],
  sent: readonly Message[],
  shown: ReadonlySet<string | undefined>,
): readonly OutgoingMessage[] {
  const lane = laneOf(ticketId);
  const waiting = entries.filter(({ id, kind, ...entry }) => kind === POST && entry.lane === lane && !shown.has(id));
  const acknowledged = new Set(sent.map(({ clientMessageId }) => clientMessageId));
  return [
    ...sent.map((message): OutgoingMessage => {
      const { message: text, messageType, attachments, internal, createdAt } = message;
      const content = { message: text, attachments, internal, createdAt };
      const type = messageType === 'SYSTEM' ? {} : { messageType };
      return { ...content, ...type, id: message.clientMessageId ?? message.id, ticketId, state: 'sent' };
    }),
    ...waiting.filter(({ id }) => !acknowledged.has(id)).map((entry) => waitingMessage(ticketId, entry)),
  ];
}

function waitingMessage(ticketId: string, { id, body, createdAt, failed, waitingFor }: OutboxEntry): OutgoingMessage {
  const content = body as PostMessage;
  const error = failed ?? waitingFor;
  return {
    ...content,
    id,
    ticketId,
    createdAt,
    state: failed === undefined ? 'pending' : 'failed',
    ...(error !== undefined && { error }),
  };
}
