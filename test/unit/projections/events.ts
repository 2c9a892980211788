/** Events of which only the position matters. */
import type { RecordedEvent } from '../../../src/domain/event.ts';

export function eventsBetween(first: number, last: number): RecordedEvent[] {
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => eventAt(first + index));
}

export function eventAt(position: number): RecordedEvent {
  return {
    position,
    stream: 'user.1',
    version: position,
    id: `00000000-0000-4000-8000-${String(position).padStart(12, '0')}`,
    type: 'NotificationsRead',
    data: { ids: [] },
    time: '2026-01-01T00:00:00.000Z',
    metadata: { commandId: String(position), correlationId: 'test', actor: { id: '1', name: 'One', role: 'driver' } },
  };
}
