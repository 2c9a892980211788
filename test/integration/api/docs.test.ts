import { Validator } from '@seriousme/openapi-schema-validator';
import type { RouteOptions } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAsyncApi } from '../../../src/gateway/asyncapi.ts';
import { DIALECTS } from '../../../src/gateway/dialects/all.ts';
import { catalogOf } from '../../../src/gateway/dialects/catalog.ts';
import { type ApiRig, noQueries, startApi } from './rig.ts';

let api: ApiRig;
// biome-ignore lint/suspicious/noExplicitAny: a document is read as its readers read it
let document: any;
const routes: RouteOptions[] = [];

beforeAll(async () => {
  api = await startApi({ queries: noQueries(), onRoute: (route) => routes.push(route) });
  document = (await api.anonymous.send('GET', '/docs/openapi.json')).body;
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
});

/** The pages are not part of what they tell of. */
const isPage = (url: string) => url === '/docs' || url.startsWith('/docs/');

const offered = () =>
  routes
    .filter(({ method, url }) => method !== 'HEAD' && method !== 'OPTIONS' && !isPage(url))
    .map(({ method, url }) => `${method} ${url.replace(/:(\w+)/g, '{$1}')}`);

function operations() {
  return Object.entries<object>(document.paths).flatMap(([path, methods]) =>
    // biome-ignore lint/suspicious/noExplicitAny: see above
    Object.entries<any>(methods).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, operation })),
  );
}

describe('the OpenAPI document', () => {
  it('is valid', async () => {
    const { valid, errors } = await new Validator().validate(structuredClone(document));
    expect(errors).toBeUndefined();
    expect(valid).toBe(true);
    expect(document.openapi).toMatch(/^3\.1\./);
  });

  it('has every route, and nothing else', () => {
    expect(offered().length).toBeGreaterThan(40);
    expect(
      operations()
        .map(({ name }) => name)
        .sort(),
    ).toEqual(offered().sort());
  });

  it('says of every operation what it does, where it belongs, and what it answers', () => {
    const tags = document.tags.map((tag: { name: string }) => tag.name);
    for (const { name, operation } of operations()) {
      expect(operation.summary, name).toMatch(/^[A-Z].*[^.]$/);
      expect(tags, name).toEqual(expect.arrayContaining(operation.tags));
      expect(operation.tags, name).toHaveLength(1);
      const successes = Object.keys(operation.responses).filter((status) => status.startsWith('2'));
      expect(successes.length, name).toBeGreaterThan(0);
      for (const status of successes) {
        expect(operation.responses[status].description, name).not.toBe('Default Response');
        if (status !== '204') expect(operation.responses[status].content, name).toBeDefined();
      }
      for (const status of ['500', '503']) expect(operation.responses[status], `${name} ${status}`).toBeDefined();
    }
    const ids = operations().map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('says what each operation may refuse, as problems, and what commands and reads take and tell', () => {
    for (const { name, operation } of operations()) {
      for (const [status, response] of Object.entries<{ content?: object }>(operation.responses)) {
        // Answers of their own, not refusals.
        if (/^[23]|^416$/.test(status) || name === 'GET /readyz') continue;
        expect(response.content, `${name} ${status}`).toEqual({
          'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
        });
      }
      if (operation.security === undefined) continue;
      expect(operation.security[0]).toEqual({ bearer: [] });
      expect(operation.security.length > 1, name).toBe(name === 'GET /api/v1/attachments/{id}');
      expect(Object.keys(operation.responses), name).toEqual(expect.arrayContaining(['400', '401', '429']));
      const headers = (operation.parameters ?? []).map((parameter: { name: string }) => parameter.name);
      if (name.startsWith('GET ')) {
        expect(headers, name).toContain('Deskwire-Min-Position');
        continue;
      }
      if (/ \/(websocket|api\/v1\/operations)\//.test(name)) {
        // What is recorded nowhere cannot be recognized either.
        expect(headers, name).not.toContain('Idempotency-Key');
        continue;
      }
      const form = operation.requestBody?.content['multipart/form-data'];
      if (form !== undefined) expect(form.schema.required).toEqual(['file']);
      // What records nothing in the log is no command there.
      if (form !== undefined) continue;
      expect(headers, name).toContain('Idempotency-Key');
      expect(Object.keys(operation.responses), name).toContain('422');
      expect(Object.keys(operation.responses).includes('412'), name).toBe(headers.includes('If-Match'));
      const told = Object.entries<{ headers?: object }>(operation.responses).filter(([status]) =>
        status.startsWith('2'),
      );
      for (const [, { headers: named }] of told) expect(named, name).toHaveProperty('Deskwire-Position');
    }
  });

  it('needs a token for everything but what must do without', () => {
    const open = operations().filter(({ operation }) => operation.security === undefined);
    expect(open.map(({ name }) => name).sort()).toEqual([
      'GET /.well-known/jwks.json',
      'GET /livez',
      'GET /readyz',
      'POST /api/v1/auth/login',
      'POST /api/v1/auth/logout',
      'POST /api/v1/auth/refresh',
    ]);
  });

  it('has only the routes that there are when a provider signs users in', async () => {
    const provider = { jwksUrl: 'http://127.0.0.1:1/', issuer: 'https://id.example.com/', audience: 'deskwire' };
    await using other = await startApi({ queries: noQueries(), auth: { provider } });
    const { body } = await other.anonymous.send('GET', '/docs/openapi.json');
    expect(Object.keys(body.paths).filter((path) => path.includes('/auth/'))).toEqual([]);
  });
});

describe('the reference page', () => {
  it('works offline: everything that it loads comes from here', async () => {
    const page = await fetch(`${api.url}/docs`);
    expect(page.status).toBe(200);
    const html = await page.text();
    const loaded = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address = '']) => address);
    expect(loaded.length).toBeGreaterThan(3);
    for (const address of loaded) {
      expect(address).toMatch(/^\/docs\//);
      const answer = await fetch(api.url + address);
      expect([address, answer.status]).toEqual([address, 200]);
      await answer.body?.cancel();
    }
    expect(html).not.toMatch(/<script(?![^>]*\ssrc=)|<style|\son\w+=/);
  });

  it('may run its own scripts and load nothing from elsewhere, and no other path may run any', async () => {
    const policyOf = async (path: string) => {
      const answer = await fetch(api.url + path);
      await answer.body?.cancel();
      return answer.headers.get('content-security-policy');
    };
    expect(await policyOf('/docs')).toContain("script-src 'self'");
    expect(await policyOf('/docs')).not.toMatch(/unsafe|https?:|\*/);
    for (const path of ['/livez', '/api/v1/tickets', '/docsx']) {
      expect(await policyOf(path)).toBe("default-src 'none'; frame-ancestors 'none'");
    }
  });
});

describe('the page about the sockets', () => {
  it('has every namespace, request and event, runs nothing and loads only its styles', async () => {
    const page = await fetch(`${api.url}/docs/asyncapi`);
    expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'self';/);
    const html = await page.text();
    const loaded = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address]) => address);
    expect(loaded).toEqual(['/docs/asyncapi.css', '/docs/asyncapi.json', '/docs']);
    expect(html).not.toMatch(/<script|<style|\son\w+=/);
    for (const { namespace, requests, events } of catalogOf(DIALECTS).values()) {
      expect(html).toContain(`<h2>Namespace ${namespace}</h2>`);
      for (const name of [...requests.keys(), ...events.keys()]) expect(html).toContain(`<code>${name}</code>`);
    }
    expect((await fetch(`${api.url}/docs/asyncapi.css`)).headers.get('content-type')).toContain('text/css');
  });

  it('shows the document that tools read', async () => {
    const { status, body } = await api.anonymous.send('GET', '/docs/asyncapi.json');
    expect(status).toBe(200);
    expect(body).toEqual(createAsyncApi(DIALECTS, '1'));
  });
});
