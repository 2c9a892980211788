/** The console and the shared scripts: origins that may load them, caching, and their content security policy. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type ApiRig, noQueries, startApi } from './rig.ts';

let folder: string;
let api: ApiRig;

const FILES = {
  'widget/widget.js': 'the widget',
  'widget/widget.js.br': 'the widget, small',
  'client/index.js': 'the library',
  'console/index.html': '<!doctype html><title>Desk</title>',
  'console/assets/desk-4f2a.js': 'the console',
  'private.txt': 'nobody’s business',
};

beforeAll(async () => {
  folder = await mkdtemp(join(inject('services').directory, 'web-'));
  for (const [name, content] of Object.entries(FILES)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  api = await startApi({ queries: noQueries(), web: folder });
});

afterAll(async () => {
  await api?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

async function get(path: string, headers: Record<string, string> = {}) {
  const response = await fetch(api.url + path, { headers: { 'accept-encoding': 'identity', ...headers } });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

describe('scripts for other pages', () => {
  it.each([
    ['/widget.js', 'the widget'],
    ['/client.js', 'the library'],
  ])('serves %s to pages of any origin', async (path, content) => {
    const { status, headers, text } = await get(path, { origin: 'https://shop.example.com' });
    expect(status).toBe(200);
    expect(text).toBe(content);
    expect(headers.get('content-type')).toMatch(/^(text|application)\/javascript/);
    expect(headers.get('access-control-allow-origin')).toBe('*');
    expect(headers.get('cross-origin-resource-policy')).toBe('cross-origin');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });

  it('sends the files that were compressed by the build', async () => {
    const { headers } = await fetch(`${api.url}/widget.js`, {
      method: 'HEAD',
      headers: { 'accept-encoding': 'br, gzip' },
    });
    expect(headers.get('content-encoding')).toBe('br');
    expect(headers.get('content-type')).toMatch(/javascript/);
    expect(headers.get('vary')).toMatch(/accept-encoding/i);
    expect(headers.get('access-control-allow-origin')).toBe('*');
  });

  it('lets browsers cache them for a while, then revalidate', async () => {
    const { headers } = await get('/widget.js');
    expect(headers.get('cache-control')).toContain('max-age=300');
    // Without the second header, fetch would add one that bypasses caches.
    const revalidating = { 'if-none-match': headers.get('etag') ?? '', 'cache-control': 'max-age=0' };
    const again = await get('/widget.js', revalidating);
    expect(again.status).toBe(304);
  });
});

describe('the console', () => {
  it('is at the root, and may load from this server only', async () => {
    const { status, headers, text } = await get('/');
    expect(status).toBe(200);
    expect(text).toContain('<title>Desk</title>');
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self'");
    expect(policy).not.toContain('unsafe');
    expect(headers.get('cache-control')).toContain('no-cache');
    expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
  });

  it.each(['/tickets', '/tickets/01a1-7c32/timeline', '/inbox', '/operations', '/reset-password?token=x'])(
    'is one page, whichever of its addresses is opened: %s',
    async (path) => {
      const page = await get('/');
      const { status, headers, text } = await get(path);
      expect(status).toBe(200);
      expect(text).toBe(page.text);
      for (const header of ['content-security-policy', 'cache-control', 'content-type']) {
        expect(headers.get(header)).toBe(page.headers.get(header));
      }
    },
  );

  it('has files whose names change with their content, which browsers keep forever', async () => {
    const { status, headers } = await get('/assets/desk-4f2a.js');
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toContain('immutable');
  });
});

it.each(['/private.txt', '/../private.txt', '/assets/..%2f..%2fprivate.txt', '/console/index.html', '/nothing'])(
  'serves nothing else: %s',
  async (path) => {
    const { status, text } = await get(path);
    expect(status).toBe(404);
    expect(JSON.parse(text)).toMatchObject({ code: 'not_found' });
  },
);
