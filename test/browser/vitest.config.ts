/**
 * `npm run test:browser`: tests of the console and the widget in Chromium, against real servers. They are not part of
 * `npm test`, which also runs on machines without a browser; `.ci/run` runs both.
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
    // Each worker has a server and a browser.
    maxWorkers: 2,
  },
});
