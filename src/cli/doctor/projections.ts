/** Checks the read models: whether they exist, are up to date, and have no parked events. */
import type { Pool } from 'pg';
import { getProjectionStatus, type ProjectionStatus } from '../../projections/admin/status.ts';
import { bytes, count } from '../output.ts';
import { error, type Finding, ok, warning } from './finding.ts';

/** Events. */
const LAG = { noticeable: 1_000, grave: 10_000 };

export async function examineProjections(pool: Pool): Promise<Finding[]> {
  const findings = (await getProjectionStatus(pool)).map(findingsOf);
  const wrong = findings.flat();
  return wrong.length > 0 ? wrong : [ok('projections', `all ${findings.length} are up to date, nothing is parked`)];
}

function findingsOf({ name, version, serving, next, previous, others }: ProjectionStatus): Finding[] {
  const about = `projection ${name}`;
  if (serving === undefined) {
    return [
      error(about, `there is no read model of version ${version}`, 'start a server: it builds it before it serves'),
    ];
  }
  const { lag, paused, running, current, parked } = serving;
  const behind = `${count(lag)} events behind`;
  const findings = [
    paused && warning(about, `paused, ${behind}`, `\`deskwire projections resume ${name}\``),
    !paused && !running && error(about, `nobody runs it, ${behind}`, 'start a server with the role projector'),
    !paused &&
      running &&
      lag > LAG.grave &&
      error(about, behind, 'see what its log says; it reads on as fast as it can'),
    !paused && running && lag > LAG.noticeable && lag <= LAG.grave && warning(about, behind, 'look again in a minute'),
    !current &&
      error(
        about,
        `another version tells devices of what is new`,
        `\`deskwire projections rollback ${name}\` if it was taken back`,
      ),
    parked.events > 0 &&
      warning(
        about,
        `${count(parked.events)} events of ${count(parked.streams)} streams are parked`,
        '`deskwire projections parked list`, then retry or skip',
      ),
    next !== undefined &&
      !next.running &&
      warning(
        about,
        'a rebuild was interrupted',
        `\`deskwire projections rebuild ${name}\` goes on, \`abort\` gives it up`,
      ),
    previous !== undefined &&
      ok(
        about,
        `keeps what served before (${bytes(previous.bytes)}): \`deskwire projections drop-old ${name}\` frees it`,
      ),
    ...others
      .filter((other) => !other.running && !other.current)
      .map((other) =>
        warning(
          about,
          `keeps version ${other.version}, which nobody runs (${bytes(other.bytes)})`,
          `\`deskwire projections drop-old ${name}\` once you will not go back`,
        ),
      ),
  ];
  return findings.filter((finding) => finding !== false);
}
