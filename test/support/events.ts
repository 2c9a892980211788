/** Events for tests to which the content does not matter. */
import { randomUUID } from 'node:crypto';
import type { NewEvent, Stream } from '../../src/domain/event.ts';
import type { Append } from '../../src/eventlog/event-log.ts';

export function messageEvent(message: string, commandId: string = randomUUID()): NewEvent {
  const id = randomUUID();
  return {
    id,
    type: 'MessagePosted',
    data: { messageId: id, message, messageType: 'TEXT', attachments: [], internal: false },
    metadata: { commandId, correlationId: commandId, actor: { id: '1', name: 'john_driver', role: 'driver' } },
  };
}

export function messageAppend(stream: Stream, expectedVersion: number, message = 'hello', commandId?: string): Append {
  return { stream, expectedVersion, events: [messageEvent(message, commandId)] };
}
