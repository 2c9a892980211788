/**
 * The sockets of the whole cluster, as one process knows and reaches them. A process without sockets has it, too, to
 * answer questions about the sockets of others.
 */
import type { Broker } from '../../broker/port.ts';
import { createPresence, type Presence, type PresenceParts } from '../../cluster/presence/presence.ts';
import { takenNames } from '../dialects/catalog.ts';
import type { Dialect } from '../dialects/dialect.ts';
import { type ClusterControl, createClusterControl } from './cluster-control.ts';
import type { LocalControl } from './local-control.ts';

export interface SocketCluster {
  readonly presence: Presence;
  readonly control: ClusterControl;
  /** When it resolves, the other processes count this process's sockets. */
  join(gateway: { readonly control: LocalControl }): Promise<void>;
  /** When the sockets are gone. Never rejects. */
  close(): Promise<void>;
}

interface SocketClusterDeps extends PresenceParts {
  readonly broker: Broker;
  readonly dialects: readonly Dialect[];
}

export function createSocketCluster({ dialects, ...deps }: SocketClusterDeps): SocketCluster {
  const presence = createPresence(deps);
  const { requests } = deps.broker;
  const control = createClusterControl({ presence, requests, takenNames: takenNames(dialects), log: deps.log });
  return {
    presence,
    control,
    async join(gateway) {
      await control.serve(gateway.control);
      presence.join();
    },
    async close() {
      await presence.close();
      await control.close();
    },
  };
}
