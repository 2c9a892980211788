/**
 * The audit lines of changes to users: their role, vendor and activity, and what operators did by command. The process
 * that leads the relay writes them, so that each change has one line, whichever process or command recorded it. What
 * people do with their own account has its line from `auth/trail.ts`.
 */

import { parseStream, type RecordedEvent } from '../domain/event.ts';
import { OPERATOR_ID } from '../domain/user/identity.ts';
import type { Logger } from '../telemetry/logging.ts';

/** Milliseconds. Older events come again when JetStream is filled anew; they had their line. */
const RECENT = 300_000;

export function createAudit(log: Pick<Logger, 'info'>, now: () => number): (events: readonly RecordedEvent[]) => void {
  return (events) => {
    for (const event of events) {
      const facts = factsOf(event);
      if (facts === undefined || now() - Date.parse(event.time) > RECENT) continue;
      const { actor } = event.metadata;
      const { id: user } = parseStream(event.stream);
      log.info(
        { audit: true, user, by: actor.id, name: actor.name, ...facts, position: event.position },
        'user changed',
      );
    }
  };
}

/** Names and addresses of users are left out: the log has them. */
function factsOf(event: RecordedEvent): object | undefined {
  switch (event.type) {
    case 'UserRegistered':
      return { registered: event.data.role };
    case 'UserChanged': {
      const { role, active, vendorId } = event.data.changes;
      const changes = { ...(role && { role }), ...(active && { active }), ...(vendorId && { vendorId }) };
      return Object.keys(changes).length === 0 ? undefined : changes;
    }
    case 'AccountActivityRecorded': {
      const { activity, detail } = event.data;
      if (event.metadata.actor.id !== OPERATOR_ID) return undefined;
      return { activity, ...(detail !== undefined && { detail }) };
    }
    default:
      return undefined;
  }
}
