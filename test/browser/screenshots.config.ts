/** `npm run screenshots`: the pictures of every view in `docs/screenshots`, taken of a real server with something on it. */
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    root: join(import.meta.dirname, '../..'),
    include: ['test/browser/screenshots.ts'],
    globalSetup: 'test/support/global-setup.ts',
    testTimeout: 300_000,
    hookTimeout: 120_000,
  },
});
