/** Test the audit lines of changes to users. */
import { expect, it } from 'vitest';
import type { RecordedEvent } from '../../../src/domain/event.ts';
import { createAudit } from '../../../src/runtime/audit.ts';

const NOW = Date.UTC(2030, 0, 1);

function event(type: string, data: object, author = '2', time = NOW): RecordedEvent {
  return {
    id: 'e',
    type,
    data,
    stream: 'user.7',
    version: 1,
    position: 5,
    time: new Date(time).toISOString(),
    metadata: { commandId: 'c', correlationId: 'x', actor: { id: author, name: 'Admin', role: 'admin' } },
  } as RecordedEvent;
}

function linesOf(...events: RecordedEvent[]): object[] {
  const lines: object[] = [];
  createAudit({ info: (facts: object) => void lines.push(facts) }, () => NOW)(events);
  return lines;
}

const common = { audit: true, user: '7', name: 'Admin', position: 5 };

it('has a line for each change of role, vendor and activity, with its author, and none for names', () => {
  const role = { from: 'driver', to: 'admin' };
  const active = { from: true, to: false };
  expect(
    linesOf(
      event('UserRegistered', { name: 'N', role: 'agent', email: 'n@example.com' }),
      event('UserChanged', { changes: { role, email: { from: null, to: 'x@example.com' } } }),
      event('UserChanged', { changes: { active } }),
      event('UserChanged', { changes: { name: { from: 'a', to: 'b' } } }),
      event('NotificationsRead', { ids: ['1'] }),
    ),
  ).toEqual([
    { ...common, by: '2', registered: 'agent' },
    { ...common, by: '2', role },
    { ...common, by: '2', active },
  ]);
});

it('has a line for what operators did by command, and leaves the rest to the trail of sign-ins', () => {
  const detail = 'projections pause tickets';
  expect(
    linesOf(
      event('AccountActivityRecorded', { activity: 'operator_command', detail }, 'deskwire:operator'),
      event('AccountActivityRecorded', { activity: 'signed_in' }, 'deskwire:accounts'),
    ),
  ).toEqual([{ ...common, by: 'deskwire:operator', activity: 'operator_command', detail }]);
});

it('has no second line when JetStream is filled anew', () => {
  expect(linesOf(event('UserRegistered', { name: 'N', role: 'agent' }, '2', NOW - 600_000))).toEqual([]);
});
