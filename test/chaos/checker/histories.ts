/** A small correct history, and functions that build parts of incorrect ones. */
import type { DomainEvent, RecordedEvent, Stream } from '../../../src/domain/event.ts';
import type { Command, History } from '../history.ts';
import { textOf } from './recorded.ts';
import { notificationId } from './unread.ts';

const TIME = '2026-01-01T00:00:00.000Z';
const people = {
  driver: { id: '1', name: 'driver', role: 'driver' },
  admin: { id: '2', name: 'admin', role: 'admin' },
} as const;
type Name = keyof typeof people;

export const TICKET: Stream = 'ticket.t';

/** The event that a command with that key recorded. */
export function recorded(
  stream: Stream,
  place: { readonly position: number; readonly version: number },
  by: Name,
  key: string,
  event: DomainEvent,
): RecordedEvent {
  const metadata = { commandId: `${people[by].id}:use:${key}`, actor: people[by], correlationId: key };
  return { ...event, ...place, id: `event-${place.position}`, stream, time: TIME, metadata } as RecordedEvent;
}

export const registered = (name: Name): DomainEvent => ({
  type: 'UserRegistered',
  data: { name: people[name].name, role: people[name].role },
});

export const opened = (key: string): DomainEvent => ({
  type: 'TicketOpened',
  data: {
    number: 1,
    requesterId: '1',
    requesterName: 'driver',
    description: textOf(key),
    category: 'general',
    priority: 'low',
    tags: [],
  },
});

export const posted = (key: string, internal = false): DomainEvent => ({
  type: 'MessagePosted',
  data: { messageId: `message-${key}`, message: textOf(key), messageType: 'TEXT', attachments: [], internal },
});

export function acknowledged(kind: Command['kind'], key: string, by: Name, more: Partial<Command> = {}): Command {
  const attempt = { node: 'n1', at: 0, endedAt: 1, outcome: 'acknowledged' } as const;
  return { key, kind, stream: TICKET, by: people[by].id, attempts: [attempt], ...more };
}

export function unanswered(kind: Command['kind'], key: string, by: Name): Command {
  const attempt = { node: 'n1', at: 0, endedAt: 1, outcome: 'unknown' } as const;
  return { key, kind, stream: TICKET, by: people[by].id, attempts: [attempt, attempt] };
}

export function refused(kind: Command['kind'], key: string, by: Name): Command {
  const attempt = { node: 'n1', at: 10, endedAt: 11, outcome: 'refused', detail: '403' } as const;
  return { key, kind, stream: TICKET, by: people[by].id, attempts: [attempt] };
}

/**
 * The driver opens a ticket; the admin posts a message and a note; the driver reads and answers. The driver does not
 * see the note, so the versions after it are one less for the driver. The driver's notification is read since then.
 */
export function goodHistory(): History {
  const log = [
    recorded('user.1', { position: 1, version: 1 }, 'admin', 'r1', registered('driver')),
    recorded('user.2', { position: 2, version: 1 }, 'admin', 'r2', registered('admin')),
    recorded(TICKET, { position: 3, version: 1 }, 'driver', 'open', opened('open')),
    recorded(TICKET, { position: 4, version: 2 }, 'admin', 'a', posted('a')),
    recorded(TICKET, { position: 5, version: 3 }, 'admin', 'note', posted('note', true)),
    recorded(TICKET, { position: 6, version: 4 }, 'driver', 'read', {
      type: 'TicketRead',
      data: { userId: '1', upTo: 2 },
    }),
    recorded(TICKET, { position: 7, version: 5 }, 'driver', 'b', posted('b')),
  ];
  const chat = [
    { version: 2, id: 'message-a' },
    { version: 3, id: 'message-note' },
    { version: 4, id: 'read 1 2' },
    { version: 5, id: 'message-b' },
  ];
  const notified = (position: number, seq: number, userId: string) => ({
    version: seq,
    id: notificationId({ id: `event-${position}` }, userId),
  });
  const driver = { id: '1', staff: false };
  const admin = { id: '2', staff: true };
  const following = { complete: true, client: 'somebody', stream: TICKET } as const;
  return {
    commands: [
      acknowledged('open', 'open', 'driver'),
      acknowledged('post', 'a', 'admin', { version: 2 }),
      acknowledged('note', 'note', 'admin', { version: 3 }),
      acknowledged('read', 'read', 'driver', { value: 2 }),
      acknowledged('post', 'b', 'driver', { version: 4 }),
    ],
    followings: [
      {
        ...following,
        dialect: 'stream',
        viewer: driver,
        segments: [
          {
            epoch: 'e',
            base: 0,
            frames: [3, 4, 6, 7].map((position, index) => ({ version: index + 1, id: `event-${position}` })),
          },
        ],
      },
      { ...following, dialect: 'chat', viewer: admin, segments: [{ epoch: 'e', base: 0, frames: chat }] },
      {
        ...following,
        stream: 'user.2',
        dialect: 'notifications',
        viewer: admin,
        segments: [{ epoch: undefined, base: 0, frames: [notified(3, 1, '2'), notified(7, 2, '2')] }],
      },
    ],
    restores: [],
    epochs: ['e'],
    log,
    head: 7,
    jetstream: log.map((event) => ({ sequence: event.position, event })),
    projections: { serving: { t: ['1', '2'] }, rebuilt: { t: ['2', '1'] }, parked: 0 },
    unread: [
      { ticketId: 't', userId: '1', unread: 0 },
      { ticketId: 't', userId: '2', unread: 1 },
    ],
    unreadNotifications: { '1': 0, '2': 2 },
    unseenNotifications: { '1': 0, '2': 2 },
  };
}
