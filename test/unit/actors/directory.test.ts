/** The directory on a growing log, with live events that come late, twice or never. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EventHandler } from '../../../src/broker/port.ts';
import { createDirectory, type Directory, type DirectoryChange } from '../../../src/directory/directory.ts';
import type { DomainEvent, RecordedEvent, Stream } from '../../../src/domain/event.ts';
import type { UserFacts } from '../../../src/domain/user/identity.ts';
import { until } from '../../support/until.ts';
import { MemorySnapshots, newEvent, recordingLog } from './desk.ts';
import { gate, MemoryLog } from './memory-log.ts';

const ada: Stream = 'user.2';
const registered: DomainEvent = { type: 'UserRegistered', data: { name: 'Ada', role: 'admin' } };
const deactivated: DomainEvent = {
  type: 'UserChanged',
  data: { changes: { active: { from: true, to: false } } },
};
const renamed = (to: string): DomainEvent => ({
  type: 'UserChanged',
  data: { changes: { name: { from: 'Ada', to } } },
});
const notified: DomainEvent = {
  type: 'NotificationSent',
  data: { type: 'x', title: 't', message: 'm', data: {}, priority: 'low' },
};

let log: MemoryLog;
let handlers: Map<string, EventHandler>;
let reconnect: () => void;
let subscribed: () => void;
let clock: { time: number };
let changes: DirectoryChange[];
let directory: Directory;

beforeEach(async () => {
  log = new MemoryLog();
  handlers = new Map();
  clock = { time: 0 };
  changes = [];
  const ready = gate();
  subscribed = ready.open;
  directory = createDirectory({
    reader: log.reader,
    snapshots: new MemorySnapshots(),
    broker: {
      live: {
        subscribeKind(kind, handler) {
          handlers.set(kind, handler);
          return { ready: ready.opened, close: () => handlers.delete(kind) };
        },
      },
      onReconnected(listener) {
        reconnect = listener;
        return () => undefined;
      },
    },
    now: () => clock.time,
    log: recordingLog().log,
    maxAge: 1_000,
  });
  directory.onChanged((change) => changes.push(change));
});
afterEach(() => directory.close());

function record(stream: Stream, event: DomainEvent): RecordedEvent {
  const [recorded] = log.record(stream, newEvent(event));
  if (recorded === undefined) throw new Error('nothing recorded');
  return recorded;
}

function deliver(event: RecordedEvent): void {
  handlers.get(event.stream.slice(0, event.stream.indexOf('.')))?.(event);
}

/** The answer from the cache; throws if it is a promise. */
function atOnce(id: string): UserFacts | undefined {
  const found = directory.user(id);
  if (found instanceof Promise) throw new Error('not at once');
  return found;
}

describe('a user', () => {
  it('is read once, and then answered from the cache', async () => {
    record(ada, registered);
    const [first, second] = await Promise.all([directory.user('2'), directory.user('2')]);
    expect(first).toEqual({ id: '2', name: 'Ada', role: 'admin', active: true });
    expect(second).toEqual(first);
    expect(atOnce('2')).toEqual(first);
    expect(log.asked.readStreams).toHaveLength(1);
  });

  it('who is not registered is not cached', async () => {
    expect(await directory.user('2')).toBeUndefined();
    record(ada, registered);
    expect(await directory.user('2')).toMatchObject({ name: 'Ada' });
  });

  it('with an impossible id is undefined', async () => {
    for (const id of ['', 'a\0', '\ud800']) expect(await directory.user(id)).toBeUndefined();
    expect(log.asked.readStreams).toEqual([]);
  });

  it('changes with live events, and listeners see the change in the cache', async () => {
    record(ada, registered);
    await directory.user('2');
    let seen: UserFacts | undefined;
    directory.onChanged(({ id }) => {
      seen = atOnce(id);
    });
    deliver(record(ada, deactivated));
    expect(seen).toMatchObject({ active: false });
    expect(changes).toEqual([{ kind: 'user', id: '2' }]);
  });

  it('does not change by notifications, but the version advances', async () => {
    record(ada, registered);
    await directory.user('2');
    deliver(record(ada, notified));
    expect(changes).toEqual([]);
    deliver(record(ada, renamed('Lovelace')));
    expect(atOnce('2')).toMatchObject({ name: 'Lovelace' });
  });

  it('ignores an event that comes late or twice', async () => {
    record(ada, registered);
    await directory.user('2');
    const events = ['B', 'C'].map((name) => record(ada, renamed(name)));
    for (const event of [...events, ...events]) deliver(event);
    expect(atOnce('2')).toMatchObject({ name: 'C' });
  });

  it('is read again when an earlier event was lost', async () => {
    record(ada, registered);
    await directory.user('2');
    record(ada, deactivated);
    deliver(record(ada, renamed('Lovelace')));
    expect(changes).toHaveLength(1);
    expect(await directory.user('2')).toMatchObject({ name: 'Lovelace', active: false });
  });
});

describe('a load that is overtaken', () => {
  /** Reads take the log's present events, and answer when the gate opens. */
  function holdReads() {
    const door = gate();
    const { readStreams } = log.reader;
    log.reader.readStreams = async (ranges) => {
      const events = await readStreams(ranges);
      await door.opened;
      return events;
    };
    return door;
  }

  it('by an event is repeated', async () => {
    record(ada, registered);
    const door = holdReads();
    const loading = directory.user('2');
    await until(() => log.asked.readStreams.length === 1, 'the read');
    deliver(record(ada, deactivated));
    door.open();
    expect(await loading).toMatchObject({ active: false });
    expect(atOnce('2')).toMatchObject({ active: false });
  });

  it('by a reconnection is repeated', async () => {
    record(ada, registered);
    const door = holdReads();
    const loading = directory.user('2');
    await until(() => log.asked.readStreams.length === 1, 'the read');
    record(ada, deactivated);
    reconnect();
    door.open();
    expect(await loading).toMatchObject({ active: false });
    expect(atOnce('2')).toMatchObject({ active: false });
  });
});

describe('an event that never came', () => {
  beforeEach(async () => {
    record(ada, registered);
    await directory.user('2');
  });

  it('while disconnected shows after the reconnection, and listeners are notified', async () => {
    record(ada, deactivated);
    reconnect();
    expect(await directory.user('2')).toMatchObject({ active: false });
    await until(() => changes.length > 0, 'the change to be told');
  });

  it('before the subscription was ready shows when it is', async () => {
    record(ada, deactivated);
    subscribed();
    await until(() => changes.length > 0, 'the change to be told');
    expect(await directory.user('2')).toMatchObject({ active: false });
  });

  it('is found when the entry is used after a while', async () => {
    record(ada, deactivated);
    clock.time = 999;
    expect(atOnce('2')).toMatchObject({ active: true });
    expect(log.asked.readVersions).toEqual([]);
    clock.time = 1_000;
    expect(atOnce('2')).toMatchObject({ active: true });
    await until(() => changes.length > 0, 'the change to be told');
    expect(await directory.user('2')).toMatchObject({ active: false });
  });
});

describe('relations', () => {
  const grn: DomainEvent = {
    type: 'ReferenceSet',
    data: { type: 'grn', id: 'grn-1', vendorId: 'vendor-1', verifiedBy: '6' },
  };
  const dispatch: DomainEvent = {
    type: 'ReferenceSet',
    data: { type: 'dispatch', id: 'dispatch-1', vendorId: 'vendor-1' },
  };

  it('of a ticket without references are known at once', () => {
    expect(directory.relations({ grnId: null, dispatchId: null })).toEqual({ vendorIds: [] });
  });

  it('are those of the references, then known at once, and change with them', async () => {
    record('reference.grn-grn-1', grn);
    record('reference.dispatch-dispatch-1', dispatch);
    const ticket = { grnId: 'grn-1', dispatchId: 'dispatch-1' };
    const relations = { vendorIds: ['vendor-1'], grnVerifiedBy: '6' };
    expect(await directory.relations(ticket)).toEqual(relations);
    expect(directory.relations(ticket)).toEqual(relations);
    const data = { type: 'dispatch', id: 'dispatch-1', vendorId: 'vendor-2' } as const;
    deliver(record('reference.dispatch-dispatch-1', { type: 'ReferenceSet', data }));
    expect(directory.relations(ticket)).toEqual({ ...relations, vendorIds: ['vendor-1', 'vendor-2'] });
    expect(changes).toEqual([{ kind: 'reference', id: 'dispatch-dispatch-1' }]);
  });

  it('of references that were never set are none', async () => {
    expect(await directory.relations({ grnId: 'x', dispatchId: null })).toEqual({ vendorIds: [] });
  });
});

it('receives no more events after it was closed', async () => {
  directory.close();
  expect(handlers.size).toBe(0);
});
