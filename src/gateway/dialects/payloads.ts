/**
 * Schemas of what clients are sent, where several events have it. Closed: what is not named here does not leave the
 * server.
 */
import Type, { type TProperties } from 'typebox';
import { CATEGORIES, POSTABLE_MESSAGE_TYPES, PRIORITIES, STATUSES } from '../../domain/ticket/events.ts';
import { ROLES } from '../../domain/user/identity.ts';

export function closed<P extends TProperties>(properties: P) {
  return Type.Object(properties, { additionalProperties: false });
}

function oneOf(values: readonly string[]) {
  return Type.Unsafe<string>({ type: 'string', enum: [...values] });
}

export const text = Type.String();
export const flag = Type.Boolean();
export const count = Type.Integer({ minimum: 0 });
/** RFC 3339 UTC. */
export const time = Type.String({ format: 'date-time' });
export const anyJson = Type.Unknown();
export const role = oneOf(ROLES);
export const status = oneOf(STATUSES);
export const category = oneOf(CATEGORIES);
export const priority = oneOf(PRIORITIES);
/** As seed A writes ids. */
export const seedId = Type.Union([Type.Integer({ minimum: 0 }), text]);

export const person = closed({ id: text, name: text });
export const actor = closed({ id: text, name: text, role });

const attachment = closed({ id: text, name: text, size: count, mimeType: text, url: text });

/** Source: docs/protocol.md section 5. */
export const message = closed({
  id: text,
  ticketId: text,
  version: count,
  senderId: text,
  sender: actor,
  message: text,
  messageType: oneOf([...POSTABLE_MESSAGE_TYPES, 'SYSTEM']),
  attachments: Type.Array(attachment),
  internal: flag,
  clientMessageId: Type.Optional(text),
  createdAt: time,
  updatedAt: time,
});

/** What the namespaces that have no internal notes are sent. */
export const publicMessage = closed({ ...message.properties, internal: Type.Literal(false) });

/** Source: docs/protocol.md section 3. */
export const notification = closed({
  id: text,
  seq: count,
  type: text,
  title: text,
  message: text,
  data: Type.Record(text, anyJson),
  priority,
  timestamp: time,
});

export const greeting = closed({ message: text, userId: seedId, role, name: text });
