/** Random histories as the deciders make them: steps are commands, and a refused command records nothing. */
import fc from 'fast-check';
import { DeskwireError } from '../../../src/domain/errors.ts';
import type { Decider, DecisionContext, DomainEvent, RecordedEvent, Stream } from '../../../src/domain/event.ts';
import { referenceDecider, referenceStreamId } from '../../../src/domain/reference/decider.ts';
import { relationsOf } from '../../../src/domain/reference/relations.ts';
import { roomDecider } from '../../../src/domain/room/decider.ts';
import { type TicketCommand, ticketDecider } from '../../../src/domain/ticket/decider.ts';
import { CATEGORIES, STATUSES } from '../../../src/domain/ticket/fields.ts';
import { type UserCommand, userDecider, userFactsOf } from '../../../src/domain/user/decider.ts';
import { systemAuthor, type UserFacts } from '../../../src/domain/user/identity.ts';
import type { InboxIds } from './histories.ts';
import { beginning, type Step, step } from './steps.ts';

export const decidedHistories = (inboxIds: InboxIds, maxLength = 80) =>
  fc
    .tuple(beginning, fc.array(step, { maxLength, size: 'max' }))
    .map(([first, steps]) => decideAll([...first, ...steps], inboxIds));

const ADMIN = systemAuthor('system', 'System');

function decideAll(steps: readonly Step[], inboxIds: InboxIds): RecordedEvent[] {
  const log = createLog();
  const user = log.streams(userDecider);
  const ticket = log.streams(ticketDecider);
  const reference = log.streams(referenceDecider);
  const room = log.streams(roomDecider);

  const factsOf = (id: string): UserFacts | undefined => {
    const { state } = user(id);
    return state.exists ? userFactsOf(state) : undefined;
  };
  const asUser = (id: string, by: UserFacts | undefined, command: UserCommand) => by && user(id).do(command, { by });
  const onTicket = (id: string, userId: string, command: TicketCommand) => {
    const by = factsOf(userId);
    const { state, do: act } = ticket(id);
    const relations = relationsOf(
      state.grnId === null ? undefined : reference(referenceStreamId('grn', state.grnId)).state,
      state.dispatchId === null ? undefined : reference(referenceStreamId('dispatch', state.dispatchId)).state,
    );
    if (by) act(command, { by, relations });
  };

  const perform = (one: Step) => {
    switch (one.do) {
      case 'register': {
        const vendorId = one.vendor && { vendorId: one.vendor };
        return asUser(one.user, ADMIN, {
          type: 'RegisterUser',
          name: `Name ${one.user}`,
          role: one.role,
          ...vendorId,
        });
      }
      case 'changeUser': {
        const role = one.role && { role: one.role };
        const name = one.name && { name: one.name };
        const active = one.active !== undefined && { active: one.active };
        return asUser(one.user, ADMIN, { type: 'ChangeUser', ...role, ...active, ...name });
      }
      case 'reference': {
        const { type, id, vendor, by } = one;
        const facts = { type, id, ...(vendor && { vendorId: vendor }), ...(by && { verifiedBy: by }) };
        return reference(referenceStreamId(type, id)).do({ type: 'SetReference', reference: facts }, { by: ADMIN });
      }
      case 'open':
        return onTicket(one.ticket, one.user, {
          type: 'OpenTicket',
          number: Number(one.ticket.slice(2)),
          requester: { id: one.user, name: `Name ${one.user}` },
          description: `It does not work 100% with ${one.ticket}`,
          category: CATEGORIES[one.category] ?? 'general',
          priority: 'medium',
          ...(one.grn && { grnId: one.grn }),
          ...(one.dispatch && { dispatchId: one.dispatch }),
          tags: ['a', 'b "c"'],
        });
      case 'change': {
        const assignee = typeof one.assignee === 'string' ? factsOf(one.assignee) : one.assignee;
        const changes = { status: STATUSES[one.status] ?? 'open', category: CATEGORIES[one.category] ?? 'general' };
        return onTicket(one.ticket, one.user, {
          type: 'ChangeTicket',
          ...changes,
          ...(assignee !== undefined && { assignee }),
        });
      }
      case 'add': {
        const other = factsOf(one.other);
        return other && onTicket(one.ticket, one.user, { type: 'AddParticipant', user: other });
      }
      case 'remove':
        return onTicket(one.ticket, one.user, { type: 'RemoveParticipant', userId: one.other });
      case 'post':
        return onTicket(one.ticket, one.user, {
          type: 'PostMessage',
          messageId: `m-${log.events.length + 1}`,
          message: `Message ${log.events.length + 1} "quoted" \\ é 漢 😀`,
          messageType: 'TEXT',
          attachments: [],
          internal: one.internal,
        });
      case 'read':
        return onTicket(one.ticket, one.user, {
          type: 'MarkTicketRead',
          upTo: Math.min(one.upTo, ticket(one.ticket).version),
        });
      case 'delete':
        return onTicket(one.ticket, one.user, { type: 'DeleteTicket' });
      case 'say': {
        const by = factsOf(one.user);
        return (
          by && room(one.room).do({ type: 'PostRoomMessage', message: { n: log.events.length }, clientId: 'c' }, { by })
        );
      }
      case 'configure':
        return room(one.room).do({ type: 'ConfigureRoom', private: one.private, members: one.members }, { by: ADMIN });
      case 'send':
        return asUser(one.user, ADMIN, {
          type: 'SendNotification',
          notificationType: 'news',
          title: 'News',
          message: 'Read this',
          data: { n: log.events.length },
          priority: 'low',
        });
      case 'markNotificationsRead': {
        const ids = inboxIds(log.events, one.user);
        return asUser(one.user, factsOf(one.user), {
          type: 'MarkNotificationsRead',
          ids: one.nth.map((nth) => (ids.length > 0 && ids[nth % (ids.length + 1)]) || `unknown-${nth}`),
        });
      }
      case 'readAll':
        return asUser(one.user, factsOf(one.user), {
          type: 'MarkAllNotificationsRead',
          ...(one.upTo !== undefined && { upToSeq: one.upTo }),
        });
      case 'see': {
        const upToSeq = Math.min(one.upTo, inboxIds(log.events, one.user).length);
        return asUser(one.user, factsOf(one.user), { type: 'MarkInboxSeen', upToSeq });
      }
    }
  };
  for (const one of steps) {
    try {
      perform(one);
    } catch (refusal) {
      if (!(refusal instanceof DeskwireError)) throw refusal;
    }
  }
  return log.events;
}

/** A log in memory, whose streams are written by deciders. */
function createLog() {
  const events: RecordedEvent[] = [];
  return {
    events,
    streams<State, Command, Event extends DomainEvent, Context extends DecisionContext>(
      decider: Decider<State, Command, Event, Context>,
    ) {
      const states = new Map<string, { state: State; version: number }>();
      return (id: string) => {
        const { state, version } = states.get(id) ?? { state: decider.initialState(), version: 0 };
        const stream: Stream = `${decider.kind}.${id}`;
        return {
          state,
          version,
          do(command: Command, context: Context): void {
            let after = { state, version };
            for (const event of decider.decide(command, state, context)) {
              const recorded = recordedAs(event, stream, after.version + 1, events.length + 1, context.by);
              events.push(recorded);
              after = { state: decider.evolve(after.state, recorded), version: recorded.version };
            }
            states.set(id, after);
          },
        };
      };
    },
  };
}

function recordedAs<Event extends DomainEvent>(
  event: Event,
  stream: Stream,
  version: number,
  position: number,
  { id, name, role }: UserFacts,
): RecordedEvent<Event> {
  return {
    ...event,
    stream,
    version,
    position,
    id: `00000000-0000-4000-8000-${String(position).padStart(12, '0')}`,
    time: new Date(Date.UTC(2026, 0, 1) + position * 1000).toISOString(),
    metadata: { commandId: `c-${position}`, correlationId: 'test', actor: { id, name, role } },
  };
}
