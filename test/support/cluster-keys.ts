/** Keys of a cluster that has no database. Processes with the same secret believe each other. */
import { createSecretKey } from 'node:crypto';
import type { ClusterKeys } from '../../src/eventlog/cluster-keys.ts';

export function testKeys(secret = 'the cluster of a test'): ClusterKeys {
  const current = { id: 'test', secret: createSecretKey(Buffer.from(secret)) };
  return {
    current,
    find: (id) => (id === current.id ? current : undefined),
    refresh() {},
    close() {},
  };
}
