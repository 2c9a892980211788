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
    // CI tells what needed a second try ("retry") instead of failing on it; here such a test fails, to be looked into.
    retry: process.env.CI ? 2 : 0,
    // One nats-server given from outside is shared by all files: they take turns.
    fileParallelism: !process.env.NATS_URL,
  },
});
