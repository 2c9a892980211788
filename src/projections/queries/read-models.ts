/** The tables that queries read, as names quoted for SQL, and the function that runs a prepared query. */
import { escapeIdentifier } from 'pg';
import type { Schemas } from '../catalog.ts';

export interface ReadModels {
  readonly tickets: string;
  readonly deletedTickets: string;
  readonly conversations: string;
  readonly messages: string;
  readonly readers: string;
  readonly inboxes: string;
  readonly notifications: string;
  readonly users: string;
  readonly references: string;
  readonly rooms: string;
}

/** Runs a statement, prepared under `name` on each connection. */
export type Run = <Row>(name: string, text: string, values: readonly unknown[]) => Promise<Row[]>;

export function readModelsIn(schemas: Schemas): ReadModels {
  const table = (schema: string, name: string) => `${escapeIdentifier(schema)}.${escapeIdentifier(name)}`;
  return {
    tickets: table(schemas.tickets, 'tickets'),
    deletedTickets: table(schemas.tickets, 'deleted_tickets'),
    conversations: table(schemas.messages, 'conversations'),
    messages: table(schemas.messages, 'messages'),
    readers: table(schemas.messages, 'readers'),
    inboxes: table(schemas.notifications, 'inboxes'),
    notifications: table(schemas.notifications, 'notifications'),
    users: table(schemas.users, 'users'),
    references: table(schemas.references, 'references'),
    rooms: table(schemas.rooms, 'rooms'),
  };
}
