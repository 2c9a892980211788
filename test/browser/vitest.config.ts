/**
 * `npm run test:browser`: the console and the widget in a real Chromium, against real servers. Not part of `npm test`,
 * which runs on machines without a browser; `.ci/run` runs both.
 */
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    root: join(import.meta.dirname, '../..'),
    include: ['test/browser/**/*.browser.ts'],
    reporters: ['default', './test/support/closing-line.ts'],
    globalSetup: 'test/support/global-setup.ts',
    testTimeout: 120_000,
    hookTimeout: 120_000,
    teardownTimeout: 30_000,
    expect: { poll: { timeout: 30_000 } },
    isolate: false,
    // Each worker has a server, a browser and its pages.
    maxWorkers: 2,
  },
});
