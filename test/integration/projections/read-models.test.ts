import { hash } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { maySeeRoom } from '../../../src/domain/access.ts';
import type { RecordedEvent } from '../../../src/domain/event.ts';
import { participantIdsOf } from '../../../src/domain/ticket/people.ts';
import { shownVersion, viewOf } from '../../../src/domain/ticket/public-view.ts';
import type { UserFacts } from '../../../src/domain/user/identity.ts';
import { createDatabase, type TestDatabase } from '../../support/services.ts';
import { decidedHistories } from './decided.ts';
import { histories } from './histories.ts';
import { modelOf, wordingOf } from './model.ts';
import { createRig, type Rig } from './rig.ts';
import { REFERENCES, ROOMS, TICKETS, USERS } from './steps.ts';

let database: TestDatabase;
let rig: Rig;

beforeAll(async () => {
  database = await createDatabase();
  rig = await createRig(database.url);
});

afterAll(async () => {
  await rig[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

const notificationId = (event: RecordedEvent, userId: string) =>
  hash('sha256', `${event.id}:${userId}`, 'base64url').slice(0, 22);

const inboxIds = (events: readonly RecordedEvent[], userId: string) =>
  modelOf(events, notificationId)
    .inbox(userId)
    .map((entry) => notificationId(entry.event, userId));

const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);

const viewersOf = (model: ReturnType<typeof modelOf>): UserFacts[] => [
  ...model.users(),
  { id: 'nobody', name: 'Nobody', role: 'driver', active: true },
  { id: 'nobody', name: 'Nobody', role: 'accounts', active: true },
];

async function expectToShow(rig: Rig, events: readonly RecordedEvent[]) {
  const model = modelOf(events, notificationId);
  const { queries } = rig;
  for (const ticketId of TICKETS) {
    for (const internal of [true, false]) {
      const page = await queries.messages(ticketId, { view: internal ? 'staff' : 'public', limit: 100 });
      const alive = model.alive.find((ticket) => ticket.id === ticketId);
      expect(page.messages).toEqual(alive ? model.messages(ticketId, internal) : []);
      expect(page.total).toBe(page.messages.length);
      const { internalVersions = [], version = 0 } = alive ?? {};
      expect(page.version).toBe(shownVersion(version, internalVersions, internal ? 'staff' : 'public'));
      expect(page.streamVersion).toBe(version);
    }
  }
  for (const ticket of model.alive) {
    const participants = await queries.participants(ticket.id, 'staff');
    const shown = participants.map(({ userId, lastReadVersion, unread }) => ({ userId, lastReadVersion, unread }));
    expect(shown.toSorted((a, b) => (a.userId < b.userId ? -1 : 1))).toEqual(model.participants(ticket));
  }
  for (const viewer of viewersOf(model)) {
    const visible = model.visible(viewer).toSorted((a, b) => b.number - a.number);
    const { items } = await queries.tickets({}, viewer, { limit: 100 });
    expect(items.map((item) => item.id)).toEqual(visible.map((ticket) => ticket.id));
    for (const [index, ticket] of visible.entries()) {
      const { vendorIds, ...relations } = model.relations(ticket);
      const view = items[index];
      expect(view).toMatchObject({
        number: ticket.number,
        version: shownVersion(ticket.version, ticket.internalVersions, viewOf(viewer)),
        revision: ticket.revision,
        requesterId: ticket.requesterId,
        requesterName: model.user(ticket.requesterId)?.name ?? ticket.requesterName,
        status: ticket.status,
        category: ticket.category,
        assigneeId: ticket.assignee?.id ?? null,
        tags: ticket.tags,
        createdAt: ticket.createdAt,
        updatedAt: ticket.updatedAt,
        relations,
      });
      expect(view?.participantIds.toSorted()).toEqual(participantIdsOf(ticket));
      expect(view?.addedIds.toSorted()).toEqual(Object.keys(ticket.added).toSorted());
      expect(view?.relations.vendorIds.toSorted()).toEqual(vendorIds.toSorted());
      expect(view?.unread).toBe(model.unread(ticket, viewer));
      expect({ ...(await queries.ticket(ticket.id, viewer)), unread: view?.unread }).toEqual(view);
    }
    const unread = await queries.tickets({ unread: true }, viewer, { limit: 100 });
    expect(unread.items.map((item) => item.id)).toEqual(
      visible.filter((ticket) => model.unread(ticket, viewer) > 0).map((ticket) => ticket.id),
    );
    for (const ticket of model.alive) {
      expect(await queries.unread(ticket.id, viewer)).toBe(model.unread(ticket, viewer));
      if (!visible.includes(ticket)) expect(await queries.ticket(ticket.id, viewer)).toBeUndefined();
    }
    expect(await queries.user(viewer.id)).toEqual(model.user(viewer.id));
    const rooms = ROOMS.flatMap((name) => model.room(name) ?? []);
    const known = rooms.filter((room) => maySeeRoom(viewer, { private: false, members: [], ...room }));
    expect((await queries.rooms(viewer, { limit: 10 })).items.toSorted(byName)).toEqual(known.toSorted(byName));
  }
  for (const name of ROOMS) expect(await queries.room(name)).toEqual(model.room(name));
  for (const [type, id] of REFERENCES) expect(await queries.reference(type, id)).toEqual(model.reference(type, id));
  for (const { id, number } of model.deleted) {
    expect(await queries.deletedTicketId(id)).toBe(id);
    expect(await queries.deletedTicketId(String(number))).toBe(id);
  }
  for (const { id } of model.alive) expect(await queries.deletedTicketId(id)).toBeUndefined();
  for (const userId of USERS) {
    for (const role of ['agent', 'driver'] as const) {
      const viewer = { id: userId, name: '', role, active: true };
      const all = model.inbox(userId);
      const entries = all.filter((entry) => !entry.gone && (role === 'agent' || !entry.internal));
      const shown = await queries.notificationsAfter(viewer, 0, 1_000);
      expect(
        shown.map((one) => ({ id: one.id, seq: one.seq, type: one.type, wording: wordingOf(one), read: one.read })),
      ).toEqual(
        entries.map(({ event, seq, type, wording, read }) => ({
          id: notificationId(event, userId),
          seq,
          type,
          wording,
          read,
        })),
      );
      const unread = entries.filter((entry) => !entry.read);
      expect(await queries.inbox(viewer)).toEqual({
        seq: all.length,
        unread: unread.length,
        unseen: unread.filter((entry) => !entry.seen).length,
        removed: all.filter((entry) => entry.gone).length,
      });
      const page = await queries.notifications(viewer, { unread: true, limit: 1_000 });
      expect(page.items.map((item) => item.seq)).toEqual(unread.map((entry) => entry.seq).toReversed());
      const { count, unseen, upTo, ranges } = await queries.unreadNotifications(viewer, 1_000);
      expect([count, unseen, upTo]).toEqual([unread.length, unread.filter((one) => !one.seen).length, all.length]);
      const within = entries.filter(({ seq }) => ranges.some(([first, last]) => first <= seq && seq <= last));
      expect(within).toEqual(unread);
    }
  }
}

/** The last head that devices received of an inbox equals its query, with internal notes if the user is staff now. */
async function expectSignalsEqualInboxes({ signals, queries }: Rig, projected: readonly RecordedEvent[]) {
  const model = modelOf(projected, notificationId);
  for (const [userId, { head }] of new Map(signals.map(({ userId, signal }) => [userId, signal]))) {
    const stranger: UserFacts = { id: userId, name: '', role: 'customer', active: true };
    const viewer = model.users().find(({ id }) => id === userId) ?? stranger;
    expect(head, `the last head that ${userId} received`).toEqual(await queries.inbox(viewer));
  }
}

/**
 * The number of histories of each kind (`HISTORIES=1000 npm test -- test/integration/projections/read-models.test.ts`).
 */
const RUNS = Number(process.env.HISTORIES ?? 20);

describe.each([
  ['that may hold anything', histories(inboxIds)],
  ['that the deciders make', decidedHistories(inboxIds)],
])('the read models of histories %s', (_, history) => {
  it(
    'show the same for one batch, any split into batches, a rebuild, and a plain fold of the history',
    async () => {
      await fc.assert(
        fc.asyncProperty(
          history,
          fc.array(fc.nat(80), { maxLength: 12, size: 'max' }),
          fc.boolean(),
          async (events, cuts, restart) => {
            await rig.reset();
            await rig.project(events);
            await expectToShow(rig, events);
            const inOneBatch = await rig.rows();
            await rig.reset();
            const edges = [...new Set([0, ...cuts.filter((cut) => cut < events.length), events.length])];
            edges.sort((a, b) => a - b);
            for (const [index, edge] of edges.entries()) {
              if (restart) rig.restart();
              const next = edges[index + 1] ?? events.length;
              rig.signals.length = 0;
              await rig.project(events.slice(edge, next));
              await expectSignalsEqualInboxes(rig, events.slice(0, next));
            }
            await expectToShow(rig, events);
            expect(await rig.rows()).toEqual(inOneBatch);
            await rig.rebuild(events);
            expect(await rig.rows()).toEqual(inOneBatch);
            await expectToShow(rig, events);
          },
        ),
        { numRuns: RUNS, interruptAfterTimeLimit: 120_000 + RUNS * 2_500, markInterruptAsFailure: true },
      );
    },
    180_000 + RUNS * 3_000,
  );
});
