/** What successive looks at the system tell that one does not: rates, and how long a rebuild will take. Pure. */

/** As `GET /api/v1/operations` answers, of which only what is shown is named. */
export interface OperationsView {
  readonly epoch: string;
  readonly position: number;
  /** RFC 3339 UTC. */
  readonly time: string;
  readonly relay?: { readonly position: number; readonly lag: number };
  readonly projections: readonly Projection[];
}

export interface Projection {
  readonly name: string;
  readonly version: number;
  readonly head: number;
  readonly serving?: ReadModel;
  readonly next?: Build & { readonly running: boolean };
  readonly previous?: Build;
}

export interface ReadModel {
  readonly position: number;
  readonly lag: number;
  readonly paused: boolean;
  readonly running: boolean;
  readonly bytes: number;
  readonly parked: { readonly streams: number; readonly events: number };
}

export interface Build {
  readonly position: number;
  readonly startedAt: string;
}

export interface Parked {
  readonly projection: string;
  readonly stream: string;
  readonly version: number;
  readonly position: number;
  readonly type: string;
  /** null while it is about to be tried again. */
  readonly error: string | null;
  readonly attempts: number;
  readonly parkedAt: string;
  readonly events: number;
}

/** One look. */
export interface Sample {
  /** Unix time in milliseconds, by the server's clock. */
  readonly at: number;
  readonly position: number;
  /** Undefined while nobody knows. */
  readonly relayLag: number | undefined;
  /** Of the read model that lags most. */
  readonly projectionLag: number;
  /** The rebuilds going on, by the name of the projection. */
  readonly builds: ReadonlyMap<string, Build>;
}

/** Looks that are kept: two minutes, at one each second. */
export const KEPT = 120;

/** Answers that overtook each other, or say the same again, add nothing. */
export function withSample(samples: readonly Sample[], view: OperationsView): readonly Sample[] {
  const at = Date.parse(view.time);
  if (at <= (samples.at(-1)?.at ?? 0)) return samples;
  const builds = new Map(view.projections.flatMap(({ name, next }) => (next === undefined ? [] : [[name, next]])));
  const projectionLag = Math.max(0, ...view.projections.map(({ serving }) => serving?.lag ?? 0));
  const sample = { at, position: view.position, relayLag: view.relay?.lag, projectionLag, builds };
  return [...samples.slice(1 - KEPT), sample];
}

/** Events per second between each look and the one before it; one fewer than there are looks. */
export function ratesOf(samples: readonly Sample[]): readonly number[] {
  return samples.slice(1).map(({ at, position }, index) => {
    const before = samples[index];
    return before === undefined ? 0 : perSecond(position - before.position, at - before.at);
  });
}

/** Looks over which the rate of a rebuild is taken. */
const RECENT = 10;

export interface Progress {
  /** 0 to 1. */
  readonly fraction: number;
  /** Events per second; undefined before it can be told. */
  readonly rate: number | undefined;
  /** Undefined before it can be told, and while it stands still. */
  readonly secondsLeft: number | undefined;
}

/** `head`: where it has to get to, which moves. */
export function progressOf(
  samples: readonly Sample[],
  name: string,
  { position, startedAt }: Build,
  head: number,
): Progress {
  // Of this rebuild, not of one before it.
  const looks = samples
    .slice(-RECENT)
    .map(({ at, builds }) => ({ at, build: builds.get(name) }))
    .filter(({ build }) => build?.startedAt === startedAt);
  const [first] = looks;
  const last = looks.at(-1);
  const elapsed = (last?.at ?? 0) - (first?.at ?? 0);
  const rate =
    elapsed > 0 ? perSecond((last?.build?.position ?? 0) - (first?.build?.position ?? 0), elapsed) : undefined;
  return {
    fraction: head === 0 ? 1 : Math.min(position / head, 1),
    rate,
    secondsLeft: rate !== undefined && rate > 0 ? Math.max(head - position, 0) / rate : undefined,
  };
}

/** Looks in a row that something has to lag at: some events are always on their way. */
const IN_A_ROW = 10;

export function staysBehind(lags: readonly (number | undefined)[]): boolean {
  const recent = lags.slice(-IN_A_ROW);
  return recent.length === IN_A_ROW && recent.every((lag) => lag !== 0);
}

function perSecond(events: number, ms: number): number {
  return ms <= 0 ? 0 : Math.max(events, 0) / (ms / 1_000);
}

export type Standing = 'absent' | 'stopped' | 'paused' | 'parked' | 'behind' | 'level';

/** In one word, the worst first. Some lag is usual: events are on their way. */
export function standingOf({ serving }: Projection): Standing {
  if (serving === undefined) return 'absent';
  if (!serving.running) return 'stopped';
  if (serving.paused) return 'paused';
  if (serving.parked.streams > 0) return 'parked';
  return serving.lag > 0 ? 'behind' : 'level';
}
