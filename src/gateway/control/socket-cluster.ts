/**
 * The sockets of the whole cluster, as one process knows and reaches them. A process without sockets of its own has it
 * too, to answer about the others'.
 */
import type { Broker } from '../../broker/port.ts';
import { createPresence, type Presence, type PresenceParts } from '../../cluster/presence/presence.ts';
import { takenNames } from '../dialects/catalog.ts';
import type { Dialect } from '../dialects/dialect.ts';
import type { Gateway } from '../gateway.ts';
import { type ClusterControl, createClusterControl } from './cluster-control.ts';

export interface SocketCluster {
  readonly presence: Presence;
  readonly control: ClusterControl;
  /** From when it resolves the others count this process's sockets. */
  join(gateway: Gateway): Promise<void>;
  /** When the sockets are gone. Never rejects. */
  close(): Promise<void>;
}

interface Parts extends PresenceParts {
  readonly broker: Broker;
  readonly dialects: readonly Dialect[];
}

export function createSocketCluster({ dialects, ...parts }: Parts): SocketCluster {
  const presence = createPresence(parts);
  const { requests } = parts.broker;
  const control = createClusterControl({ presence, requests, takenNames: takenNames(dialects), log: parts.log });
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
