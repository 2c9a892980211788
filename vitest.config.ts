import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    reporters: ['default', './test/support/closing-line.ts'],
    globalSetup: 'test/support/global-setup.ts',
    // For machines that are busy with something else: tests wait for conditions, so a slow one is no wrong one.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    teardownTimeout: 30_000,
    // Nothing of ours has state of its own in a module: the files of a worker share what was loaded once.
    isolate: false,
    // They wait more than they compute: more at a time than there are cores to spare. One nats-server given from outside
    // is shared by all files: they take turns.
    maxWorkers: process.env.NATS_URL ? 1 : Math.max(3, availableParallelism()),
  },
});
