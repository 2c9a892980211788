/**
 * Presence and control of the sockets of the whole cluster, in one process. A process without a gateway has them, too:
 * its API answers requests about the sockets of other nodes.
 */
import type { Broker } from '../../broker/port.ts';
import { createPresence, type Presence, type PresenceDeps } from '../../cluster/presence/presence.ts';
import { takenNames } from '../dialects/catalog.ts';
import type { Dialect } from '../dialects/dialect.ts';
import { type ClusterControl, createClusterControl } from './cluster-control.ts';
import type { LocalControl } from './local-control.ts';

export interface SocketCluster {
  readonly presence: Presence;
  readonly control: ClusterControl;
  /** Makes this process's sockets known to the other nodes. Resolves when their requests can arrive. */
  join(gateway: { readonly control: LocalControl }): Promise<void>;
  /** Call it when the sockets are gone. Never rejects. */
  close(): Promise<void>;
}

interface SocketClusterDeps extends PresenceDeps {
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
