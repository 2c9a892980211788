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
    // One nats-server given from outside is shared by all files: they take turns.
    fileParallelism: !process.env.NATS_URL,
    // Most files wait for servers more than they compute: one worker per core less one would leave two cores idle.
    ...(process.env.NATS_URL ? {} : { maxWorkers: Math.max(3, availableParallelism() - 1) }),
  },
});
