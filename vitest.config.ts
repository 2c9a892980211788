import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    reporters: ['default', './test/support/closing-line.ts'],
    globalSetup: 'test/support/global-setup.ts',
    // Long, for busy machines: tests wait for conditions, so a slow test is not a failed one.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    teardownTimeout: 30_000,
    // No module has state, so the test files of a worker can share the loaded modules.
    isolate: false,
    // Tests wait more than they compute, so there may be more workers than cores. With NATS_URL all files share one
    // nats-server, and run one after the other.
    maxWorkers: process.env.NATS_URL ? 1 : Math.max(3, availableParallelism()),
  },
});
