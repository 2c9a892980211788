/**
 * Serves the files that browsers load, built before the start by `scripts/build-web.ts`: the console at `/`, and
 * `/widget.js` and `/client.js` for pages of other origins. A file that was not built has no route.
 *
 * The names of the console's files under `/assets/` change with their content, so browsers keep them forever. All other
 * files are revalidated, with 304 while they are unchanged. The console's pages load from this server only.
 */
import { existsSync } from 'node:fs';
import { join, sep } from 'node:path';
import files from '@fastify/static';
import type { App } from '../app.ts';

const PAGE_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "media-src 'self' blob:",
  "font-src 'self'",
  // Also allows sockets of the same host.
  "connect-src 'self'",
  "manifest-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

const FOREVER = 'public, max-age=31536000, immutable';
const REVALIDATE = 'public, no-cache';
/** Many pages contain the widget, so browsers need not revalidate it with every page view. Seconds. */
const SHARED = 'public, max-age=300, stale-while-revalidate=86400';

/** Scripts that pages of any origin may load. They contain no data of users. */
const SHARED_SCRIPTS = [
  { url: '/widget.js', folder: 'widget', file: 'widget.js' },
  { url: '/client.js', folder: 'client', file: 'index.js' },
];

/** Paths within the console, beside `/`. Each is answered with its one page, which routes by itself. */
const CONSOLE_PAGES = ['/tickets', '/tickets/*', '/inbox', '/operations', '/operations/*', '/reset-password'];

/** `folder` contains one folder for each build: `console`, `widget`, `client`. */
export async function serveWeb(app: App, folder: string): Promise<void> {
  const built = SHARED_SCRIPTS.filter((script) => existsSync(join(folder, script.folder, script.file)));
  await app.register(files, { root: folder, serve: false, cacheControl: false, preCompressed: true });
  for (const script of built) {
    app.get(script.url, { schema: { hide: true } }, (_request, reply) =>
      reply
        .header('cache-control', SHARED)
        .header('access-control-allow-origin', '*')
        .header('cross-origin-resource-policy', 'cross-origin')
        .sendFile(script.file, join(folder, script.folder)),
    );
  }
  const console = join(folder, 'console');
  if (existsSync(console)) await serveConsole(app, console);
}

async function serveConsole(app: App, root: string): Promise<void> {
  for (const url of CONSOLE_PAGES) {
    app.get(url, { schema: { hide: true } }, (_request, reply) =>
      reply
        .header('content-security-policy', PAGE_SECURITY_POLICY)
        .header('cache-control', REVALIDATE)
        .sendFile('index.html', root),
    );
  }
  await app.register(files, {
    root,
    decorateReply: false,
    // One route per file. A wildcard route would also answer all unknown paths, which must be 404.
    wildcard: false,
    preCompressed: true,
    cacheControl: false,
    setHeaders(reply, path) {
      reply.header('content-security-policy', PAGE_SECURITY_POLICY);
      reply.header('cache-control', path.startsWith(join(root, 'assets') + sep) ? FOREVER : REVALIDATE);
    },
  });
}
