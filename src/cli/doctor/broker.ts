/** Checks NATS: whether it can be reached and is new enough, and whether its JetStream stream matches the log. */
import type { Pool } from 'pg';
import { type BrokerFacts, inspectBroker } from '../../broker/inspection.ts';
import { isLock } from '../../eventlog/dedicated-connection.ts';
import type { LogHead } from '../../eventlog/event-log.ts';
import { messageOf } from '../../support/start-failure.ts';
import { bytes, count } from '../output.ts';
import type { Surroundings } from '../surroundings.ts';
import { error, type Finding, ok, warning } from './finding.ts';

const OLDEST = [2, 9] as const;
/**
 * Older versions have known faults: permissions can be bypassed, and a power failure can lose acknowledged messages.
 */
const SOUND = [2, 12] as const;
/** Lag of the relay, in events, above which it is a warning. */
const NOTICEABLE_LAG = 1_000;

export async function examineBroker(
  on: Surroundings,
  log: { readonly head: LogHead; readonly pool: Pool } | undefined,
): Promise<Finding[]> {
  let facts: BrokerFacts;
  try {
    const { connection } = await on.broker();
    facts = await inspectBroker(connection);
  } catch (cause) {
    const advice = 'start it with JetStream on, or correct NATS_URL; meanwhile nothing is live, and nothing is lost';
    return [error('broker', messageOf(cause), advice)];
  }
  const findings = [versionFinding(facts.version)];
  if (log === undefined) return findings;
  return [...findings, ...streamFindings(facts.stream, log.head), await relayFinding(log.pool)];
}

function versionFinding(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const atLeast = ([wantedMajor, wantedMinor]: readonly [number, number]) =>
    major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
  if (!atLeast(OLDEST)) return error('broker', `nats-server ${version}`, `upgrade it to ${OLDEST.join('.')} at least`);
  if (atLeast(SOUND)) return ok('broker', `nats-server ${version}`);
  const advice =
    'it works; upgrade before others can reach it: older ones have known faults in permissions and on power loss';
  return warning('broker', `nats-server ${version}`, advice);
}

function streamFindings(stream: BrokerFacts['stream'], head: LogHead): Finding[] {
  if (stream === undefined) {
    return [
      error(
        'JetStream',
        'there is no stream of events',
        'start a server with the role relay: it creates and backfills it',
      ),
    ];
  }
  const { name, firstPosition, lastPosition, replicas, oddities } = stream;
  const findings: Finding[] = [];
  if (!stream.holds(head.epoch)) {
    findings.push(
      error(
        'epoch',
        'JetStream holds the events of another epoch',
        'the relay replaces it within seconds; look at its log',
      ),
    );
  } else if (lastPosition > head.position) {
    const words = `JetStream has seen ${count(lastPosition)}, the log ends at ${count(head.position)}`;
    findings.push(error('epoch', words, 'a backup was restored: the relay starts a new epoch; see that a relay runs'));
  } else {
    findings.push(ok('epoch', `the log and JetStream agree on it; the log ends at ${count(head.position)}`));
  }
  const behind = head.position - lastPosition;
  const words = `${name}: positions ${count(firstPosition)} to ${count(lastPosition)}, ${bytes(stream.bytes)}, ${replicas} replicas`;
  if (behind > NOTICEABLE_LAG) {
    findings.push(
      warning('JetStream', `${words}; ${count(behind)} behind`, 'see that a relay runs and what its log says'),
    );
  } else if (oddities.length > 0) {
    const advice = `delete the stream (nats stream rm ${name}): the relay creates it as it should be and backfills it from the log`;
    findings.push(warning('JetStream', `${name} is not as the relay makes it: ${oddities.join('; ')}`, advice));
  } else {
    findings.push(ok('JetStream', words));
  }
  return findings;
}

/** The leading relay holds the advisory lock `relay`, taken by `DedicatedConnection.tryLock`. */
async function relayFinding(pool: Pool): Promise<Finding> {
  const { rows } = await pool.query(`select from pg_locks l where ${isLock("'relay'")}`);
  if (rows.length > 0) return ok('relay', 'one leads');
  return error('relay', 'nobody relays the log to NATS', 'start a server with the role relay');
}
