/**
 * `/`, streams: Deskwire's own protocol. A client that applies the `events` of an ack, and then each `event`, in the
 * order received, has the state that a fresh load would give. A subscription without `after` starts at the first event.
 *
 * The `epoch` of a subscription, and of a load over HTTP, is the view epoch (`view-epoch.ts`): it also says whether
 * internal notes are included. By it, a client whose user became staff, or is staff no longer, is asked to load afresh
 * (`access`). Source: docs/protocol.md section 7.
 */
import Type from 'typebox';
import { inboxEpoch, isOtherEpoch, type Seen, seenIn, viewEpoch } from '../../application/view-epoch.ts';
import { closed, count, flag, text } from '../../contract/schema.ts';
import { StreamEvent } from '../../contract/stream-event.ts';
import { DeskwireError } from '../../domain/errors.ts';
import { parseStream } from '../../domain/event.ts';
import type { Dialect, InboxTable, TicketTable, Wire } from './dialect.ts';
import { cursor } from './fields.ts';
import type { Break, LiveKind } from './joining.ts';
import { type Call, request } from './request.ts';
import { notificationWire, roomWires, ticketWires, unreadWire } from './stream-events.ts';

const tickets: TicketTable = {
  internal: true,
  present: false,
  render: (event, messageWire) => ticketWires(event, `ticket:${parseStream(event.stream).id}`, messageWire),
  expelled: (id, at) => resync(`ticket:${id}`, 'access', at),
  viewChanged: (id, at) => resync(`ticket:${id}`, 'access', at),
  changed: (changed) => ({ name: 'tickets_changed', payload: changed }),
};

const ticketsChanged = closed({ ticketIds: Type.Array(text), all: flag });

const rooms: NonNullable<Dialect['rooms']> = {
  internal: false,
  render: (event) => roomWires(event, `room:${parseStream(event.stream).id}`),
  expelled: (id, at) => resync(`room:${id}`, 'access', at),
};

const inbox: InboxTable = {
  onConnect: false,
  render: (notification) => [notificationWire(notification)],
  unreadSet: unreadWire,
  viewChanged: (seq) => resync('inbox', 'access', seq),
};

const reason = Type.Unsafe<Break>({ type: 'string', enum: ['too_old', 'epoch', 'access'] });

const events: Dialect['events'] = {
  event: StreamEvent,
  resync: closed({ stream: text, reason, version: count }),
  tickets_changed: ticketsChanged,
};

function resync(stream: string, why: Break, at: number): Wire {
  return { name: 'resync', payload: { stream, reason: why, version: at } };
}

interface Subscription {
  readonly stream: string;
  readonly version: number;
  readonly recovered: boolean;
  readonly broken: Break | undefined;
  readonly wires: readonly Wire[];
  /** Of an inbox: the number of notifications that have left it. */
  readonly removed?: number;
}

/**
 * Acknowledges in this tick, so that the ack comes before any live event. Without an ack, sends the events one by one.
 */
function welcome(call: Call, { stream, version, recovered, broken, wires, removed }: Subscription): void {
  const { client, context } = call;
  const view = viewEpoch(context.epoch(), client.user);
  const shown = removed === undefined ? view : inboxEpoch(view, removed);
  const events = wires.map(({ payload }) => payload);
  call.reply({ stream, epoch: shown, version, recovered, events });
  if (!call.acked) client.send(...wires);
  if (broken !== undefined) client.send(resync(stream, broken, version));
}

async function subscribeInbox(call: Call, after: number, seen: Seen): Promise<void> {
  const { context } = call;
  const otherLog = isOtherEpoch(seen.epoch, context.epoch());
  const from = { after, internal: seen.internal, removed: seen.removed, ...(otherLog && { broken: 'epoch' as const }) };
  await context.replay(() =>
    context.inbox.join(stream, from, ({ seq, ...arrival }) => {
      welcome(call, { stream: 'inbox', version: seq, ...arrival });
    }),
  );
}

type Named = { readonly kind: LiveKind; readonly id: string } | 'inbox';

function named(name: string): Named {
  if (name === 'inbox') return name;
  const [kind, id = ''] = name.split(':', 2);
  return { kind: kind === 'room' ? kind : 'ticket', id };
}

const strict = { additionalProperties: false };
const streamName = Type.String({ pattern: '^(inbox|ticket:[A-Za-z0-9-]{1,64}|room:[A-Za-z0-9_.-]{1,64})$' });

export const stream: Dialect = {
  name: 'stream',
  namespace: '/',
  events,
  tickets,
  rooms,
  inbox,
  requests: {
    subscribe: request(
      Type.Object({ stream: streamName, ...cursor }, strict),
      async (call, { stream: name, after = 0, epoch: shown }) => {
        const seen = seenIn(shown);
        const place = named(name);
        if (place === 'inbox') return await subscribeInbox(call, after, seen);
        // A room has no internal events, so a change of the user's role does not change the view of it.
        const { internal } = place.kind === 'room' ? {} : seen;
        const from = { ...place, epoch: seen.epoch, internal, after, otherwise: 'now' } as const;
        await call.context.streams
          .join(stream, from, ({ id, ...arrival }) => {
            welcome(call, { stream: `${place.kind}:${id}`, ...arrival });
          })
          .catch(underItsName);
        return undefined;
      },
      Type.Object({ stream: text, epoch: text, version: count, recovered: flag, events: Type.Array(StreamEvent) }),
    ),
    follow_tickets: request(
      Type.Object({}, strict),
      async ({ context }) => ({ following: context.followTickets() }),
      Type.Object({ following: flag }),
    ),
    unsubscribe: request(
      Type.Object({ stream: streamName }, strict),
      async ({ context }, { stream: name }) => {
        const place = named(name);
        if (place === 'inbox') {
          context.inbox.leave(stream);
          return { stream: name };
        }
        const id = await context.streams.leave(stream, place);
        return { stream: `${place.kind}:${id}` };
      },
      Type.Object({ stream: text }),
    ),
  },
};

/** Names the field of a refusal `stream`, as this dialect's clients write it. */
function underItsName(error: unknown): never {
  if (!(error instanceof DeskwireError) || error.field === undefined) throw error;
  throw new DeskwireError(error.code, error.message, {
    field: 'stream',
    cause: error,
    ...(error.retryAfter !== undefined && { retryAfter: error.retryAfter }),
  });
}
