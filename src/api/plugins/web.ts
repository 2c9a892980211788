/**
 * What browsers load, built before the start (`scripts/build-web.ts`): the console at `/`, and for pages of other origins
 * `/widget.js` and `/client.js`. What was not built is not there.
 *
 * Names of the console's files under `/assets/` change with their content and are kept for ever; everything else is asked
 * for again, and answered with 304 while it is the same. The console's pages may load nothing from anywhere else.
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
  // Sockets of the same host are meant, too.
  "connect-src 'self'",
  "manifest-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

const FOR_EVER = 'public, max-age=31536000, immutable';
const ASK_AGAIN = 'public, no-cache';
/** Pages in which the widget is are many: they need not ask with every view. Seconds. */
const SHARED = 'public, max-age=300, stale-while-revalidate=86400';

/** Scripts that pages of any origin may load. They hold nothing of anybody. */
const SHARED_SCRIPTS = [
  { url: '/widget.js', folder: 'widget', file: 'widget.js' },
  { url: '/client.js', folder: 'client', file: 'index.js' },
];

/** Addresses within the console, beside `/`: all of them are its one page, which finds its way by itself. */
const CONSOLE_PAGES = ['/tickets', '/tickets/*', '/inbox', '/operations', '/operations/*'];

/** `folder`: where each thing is built to a folder of its own. */
export async function serveWeb(app: App, folder: string): Promise<void> {
  const there = SHARED_SCRIPTS.filter((script) => existsSync(join(folder, script.folder, script.file)));
  await app.register(files, { root: folder, serve: false, cacheControl: false, preCompressed: true });
  for (const script of there) {
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
        .header('cache-control', ASK_AGAIN)
        .sendFile('index.html', root),
    );
  }
  await app.register(files, {
    root,
    decorateReply: false,
    // A route for each file, rather than one for all addresses that nobody else answers: those are not found.
    wildcard: false,
    preCompressed: true,
    cacheControl: false,
    setHeaders(reply, path) {
      reply.header('content-security-policy', PAGE_SECURITY_POLICY);
      reply.header('cache-control', path.startsWith(join(root, 'assets') + sep) ? FOR_EVER : ASK_AGAIN);
    },
  });
}
