/** `npx vite examples`: the pages, with Deskwire's paths forwarded to a running server (`DESKWIRE_URL`). */
import { join } from 'node:path';
import { defineConfig } from 'vite';

const target = process.env.DESKWIRE_URL ?? 'http://localhost:8080';
const root = import.meta.dirname;

export default defineConfig({
  root,
  server: {
    proxy: {
      '/api': target,
      '/socket.io': { target, ws: true },
      '/client.js': target,
      '/widget.js': target,
    },
  },
  build: {
    target: 'es2023',
    rolldownOptions: {
      input: ['index.html', 'plain/index.html', 'react/index.html', 'widget/index.html'].map((page) =>
        join(root, page),
      ),
      // Served by Deskwire.
      external: ['/client.js', '/widget.js'],
    },
  },
});
