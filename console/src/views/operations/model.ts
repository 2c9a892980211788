/** Facts that follow from successive samples of the system: rates, and the remaining time of a rebuild. Pure. */

/** The fields of `GET /api/v1/operations` that are shown. */
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
  /** Null while a retry is pending. */
  readonly error: string | null;
  readonly attempts: number;
  readonly parkedAt: string;
  readonly events: number;
}

/** The system at one time. */
export interface Sample {
  /** Unix time in milliseconds, by the server's clock. */
  readonly at: number;
  readonly position: number;
  /** Undefined while it is not known. */
  readonly relayLag: number | undefined;
  /** The largest lag of all read models. */
  readonly projectionLag: number;
  /** The running rebuilds, by the name of the projection. */
  readonly builds: ReadonlyMap<string, Build>;
}

/** Samples that are kept: two minutes, at one per second. */
export const KEPT_SAMPLES = 120;

/** Adds a sample. Answers that are out of order or repeated are ignored. */
export function withSample(samples: readonly Sample[], view: OperationsView): readonly Sample[] {
  const at = Date.parse(view.time);
  if (at <= (samples.at(-1)?.at ?? 0)) return samples;
  const builds = new Map(view.projections.flatMap(({ name, next }) => (next === undefined ? [] : [[name, next]])));
  const projectionLag = Math.max(0, ...view.projections.map(({ serving }) => serving?.lag ?? 0));
  const sample = { at, position: view.position, relayLag: view.relay?.lag, projectionLag, builds };
  return [...samples.slice(1 - KEPT_SAMPLES), sample];
}

/** Events per second between each sample and the one before; one fewer than there are samples. */
export function ratesOf(samples: readonly Sample[]): readonly number[] {
  return samples.slice(1).map(({ at, position }, index) => {
    const before = samples[index];
    return before === undefined ? 0 : perSecond(position - before.position, at - before.at);
  });
}

/** Samples from which the rate of a rebuild is computed. */
const RATE_SAMPLES = 10;

export interface Progress {
  /** From 0 to 1. */
  readonly fraction: number;
  /** Events per second; undefined until there are enough samples. */
  readonly rate: number | undefined;
  /** Undefined until there is a rate, and while the rate is 0. */
  readonly secondsLeft: number | undefined;
}

/** `head`: the position that the rebuild has to reach; it moves on. */
export function progressOf(
  samples: readonly Sample[],
  name: string,
  { position, startedAt }: Build,
  head: number,
): Progress {
  // Only samples of this rebuild, not of an earlier one.
  const recent = samples
    .slice(-RATE_SAMPLES)
    .map(({ at, builds }) => ({ at, build: builds.get(name) }))
    .filter(({ build }) => build?.startedAt === startedAt);
  const [first] = recent;
  const last = recent.at(-1);
  const elapsed = (last?.at ?? 0) - (first?.at ?? 0);
  const rate =
    elapsed > 0 ? perSecond((last?.build?.position ?? 0) - (first?.build?.position ?? 0), elapsed) : undefined;
  return {
    fraction: head === 0 ? 1 : Math.min(position / head, 1),
    rate,
    secondsLeft: rate !== undefined && rate > 0 ? Math.max(head - position, 0) / rate : undefined,
  };
}

/** Successive samples with a lag after which it counts as one: some events are always on their way. */
const LAG_SAMPLES = 10;

export function staysBehind(lags: readonly (number | undefined)[]): boolean {
  const recent = lags.slice(-LAG_SAMPLES);
  return recent.length === LAG_SAMPLES && recent.every((lag) => lag !== 0);
}

function perSecond(events: number, ms: number): number {
  return ms <= 0 ? 0 : Math.max(events, 0) / (ms / 1_000);
}

export type Standing = 'absent' | 'stopped' | 'paused' | 'parked' | 'behind' | 'level';

/**
 * The state of a projection in one word, the worst first. A small lag is normal: some events are always on their way.
 */
export function standingOf({ serving }: Projection): Standing {
  if (serving === undefined) return 'absent';
  if (!serving.running) return 'stopped';
  if (serving.paused) return 'paused';
  if (serving.parked.streams > 0) return 'parked';
  return serving.lag > 0 ? 'behind' : 'level';
}
