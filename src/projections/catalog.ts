/** The projections of Deskwire, and where their read models live. */
import { messagesProjection } from './messages.ts';
import { notificationsProjection } from './notifications.ts';
import type { Projection } from './projection.ts';
import { referencesProjection } from './references.ts';
import { roomsProjection } from './rooms.ts';
import { ticketsProjection } from './tickets.ts';
import { usersProjection } from './users.ts';

export const PROJECTIONS = {
  users: usersProjection,
  references: referencesProjection,
  tickets: ticketsProjection,
  messages: messagesProjection,
  notifications: notificationsProjection,
  rooms: roomsProjection,
} as const satisfies Record<string, Projection>;

export type ProjectionName = keyof typeof PROJECTIONS;

/** The schema of each read model. */
export type Schemas = Readonly<Record<ProjectionName, string>>;

export const DEFAULT_SCHEMAS: Schemas = {
  users: 'deskwire_users',
  references: 'deskwire_references',
  tickets: 'deskwire_tickets',
  messages: 'deskwire_messages',
  notifications: 'deskwire_notifications',
  rooms: 'deskwire_rooms',
};

export function projectionNames(): ProjectionName[] {
  return Object.keys(PROJECTIONS) as ProjectionName[];
}
