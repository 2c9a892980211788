/** The projections of Deskwire, and the schemas of their read models. */
import type { Projection } from './engine/projection.ts';
import { messagesProjection } from './models/messages.ts';
import { notificationsProjection } from './models/notifications.ts';
import { referencesProjection } from './models/references.ts';
import { roomsProjection } from './models/rooms.ts';
import { ticketsProjection } from './models/tickets.ts';
import { usersProjection } from './models/users.ts';

export const PROJECTIONS = {
  users: usersProjection,
  references: referencesProjection,
  tickets: ticketsProjection,
  messages: messagesProjection,
  notifications: notificationsProjection,
  rooms: roomsProjection,
} as const satisfies Record<string, Projection>;

export type ProjectionName = keyof typeof PROJECTIONS;

/** The schema of each read model, in the version of this code. */
export type Schemas = Readonly<Record<ProjectionName, string>>;

/** The version is part of the schema's name, so that processes of two versions can run side by side. */
export const DEFAULT_SCHEMAS: Schemas = {
  users: schemaOf(usersProjection),
  references: schemaOf(referencesProjection),
  tickets: schemaOf(ticketsProjection),
  messages: schemaOf(messagesProjection),
  notifications: schemaOf(notificationsProjection),
  rooms: schemaOf(roomsProjection),
};

function schemaOf({ name, version }: Projection): string {
  return `deskwire_${name}_${version}`;
}

export function projectionNames(): ProjectionName[] {
  return Object.keys(PROJECTIONS) as ProjectionName[];
}
