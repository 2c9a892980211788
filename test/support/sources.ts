/** The source of the services that a test run starts: processes of this host, or containers. */
import type { ContainerSource } from './containers.ts';
import type { Durability, PausablePower, Power } from './power.ts';
import { natsProcess, type ProcessSource, postgresProcess } from './processes.ts';

export type ServiceSource =
  | ({ readonly kind: 'processes' } & ProcessSource)
  | ({ readonly kind: 'containers' } & ContainerSource);

export async function startOwnNats(source: ServiceSource): Promise<PausablePower> {
  if (source.kind === 'processes') return natsProcess(source);
  return (await containers()).natsContainer(source);
}

export async function startOwnPostgres(source: ServiceSource, durability: Durability): Promise<Power> {
  if (source.kind === 'processes') return postgresProcess(source, durability);
  return (await containers()).postgresContainer(source, durability);
}

/** Loaded on first use: it takes longer than many tests. */
function containers() {
  return import('./containers.ts');
}
