/**
 * Builds the console: a page, and files whose names change with their content. Everything comes from our own origin and
 * nothing is inline, as the page's Content-Security-Policy requires. `npm run console` serves the sources for
 * development, with a running server (DESKWIRE_SERVER) behind them.
 */
import { join } from 'node:path';
import type { UserConfig } from 'vite';

const server = process.env.DESKWIRE_SERVER ?? 'http://localhost:8080';
const proxied = { target: server, changeOrigin: true };

export default {
  root: import.meta.dirname,
  build: {
    outDir: join(import.meta.dirname, '../dist/console'),
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2023',
  },
  server: { proxy: { '/api': proxied, '/socket.io': { ...proxied, ws: true } } },
} satisfies UserConfig;
