import { Validator } from '@seriousme/openapi-schema-validator';
import type { RouteOptions } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAsyncApi } from '../../../src/gateway/asyncapi.ts';
import { DIALECTS } from '../../../src/gateway/dialects/all.ts';
import { catalogOf } from '../../../src/gateway/dialects/catalog.ts';
import { type ApiRig, noQueries, startApi } from './rig.ts';

let api: ApiRig;
// biome-ignore lint/suspicious/noExplicitAny: the document is untyped JSON, as for its readers
let document: any;
const routes: RouteOptions[] = [];

beforeAll(async () => {
  api = await startApi({ queries: noQueries(), onRoute: (route) => routes.push(route) });
  document = (await api.anonymous.send('GET', '/docs/openapi.json')).body;
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
});

/** The pages of the document are not in the document. */
const isPage = (url: string) => url === '/docs' || url.startsWith('/docs/');

const offered = () =>
  routes
    .filter(({ method, url }) => method !== 'HEAD' && method !== 'OPTIONS' && !isPage(url))
    .map(({ method, url }) => `${method} ${url.replace(/:(\w+)/g, '{$1}')}`);

function describedRoutes() {
  return Object.entries<object>(document.paths).flatMap(([path, methods]) =>
    // biome-ignore lint/suspicious/noExplicitAny: see above
    Object.entries<any>(methods).map(([method, description]) => ({
      name: `${method.toUpperCase()} ${path}`,
      description,
    })),
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
      describedRoutes()
        .map(({ name }) => name)
        .sort(),
    ).toEqual(offered().sort());
  });

  it('gives every route a summary, a tag and its answers', () => {
    const tags = document.tags.map((tag: { name: string }) => tag.name);
    for (const { name, description } of describedRoutes()) {
      expect(description.summary, name).toMatch(/^[A-Z].*[^.]$/);
      expect(tags, name).toEqual(expect.arrayContaining(description.tags));
      expect(description.tags, name).toHaveLength(1);
      const successes = Object.keys(description.responses).filter((status) => status.startsWith('2'));
      expect(successes.length, name).toBeGreaterThan(0);
      for (const status of successes) {
        expect(description.responses[status].description, name).not.toBe('Default Response');
        if (status !== '204') expect(description.responses[status].content, name).toBeDefined();
      }
      for (const status of ['500', '503']) expect(description.responses[status], `${name} ${status}`).toBeDefined();
    }
    const ids = describedRoutes().map(({ description }) => description.operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('gives every route its refusals as problems, and commands and reads their headers', () => {
    for (const { name, description } of describedRoutes()) {
      for (const [status, response] of Object.entries<{ content?: object }>(description.responses)) {
        // These are answers of the route itself, not refusals.
        if (/^[23]|^416$/.test(status) || name === 'GET /readyz') continue;
        expect(response.content, `${name} ${status}`).toEqual({
          'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
        });
      }
      if (description.security === undefined) continue;
      expect(description.security[0]).toEqual({ bearer: [] });
      expect(description.security.length > 1, name).toBe(name === 'GET /api/v1/attachments/{id}');
      expect(Object.keys(description.responses), name).toEqual(expect.arrayContaining(['400', '401', '429']));
      const headers = (description.parameters ?? []).map((parameter: { name: string }) => parameter.name);
      if (name.startsWith('GET ')) {
        expect(headers, name).toContain('Deskwire-Min-Position');
        continue;
      }
      if (/ \/(websocket|api\/v1\/(operations|auth))\/|\/password-reset$/.test(name)) {
        // A command that is not recorded cannot be recognized when repeated.
        expect(headers, name).not.toContain('Idempotency-Key');
        continue;
      }
      const form = description.requestBody?.content['multipart/form-data'];
      if (form !== undefined) expect(form.schema.required).toEqual(['file']);
      // An upload records nothing in the log, so it is not a command.
      if (form !== undefined) continue;
      expect(headers, name).toContain('Idempotency-Key');
      expect(Object.keys(description.responses), name).toContain('422');
      expect(Object.keys(description.responses).includes('412'), name).toBe(headers.includes('If-Match'));
      const told = Object.entries<{ headers?: object }>(description.responses).filter(([status]) =>
        status.startsWith('2'),
      );
      for (const [, { headers: named }] of told) expect(named, name).toHaveProperty('Deskwire-Position');
    }
  });

  it('requires a token for every route except those that cannot have one', () => {
    const open = describedRoutes().filter(({ description }) => description.security === undefined);
    expect(open.map(({ name }) => name).sort()).toEqual([
      'GET /.well-known/jwks.json',
      'GET /livez',
      'GET /readyz',
      'POST /api/v1/auth/login',
      'POST /api/v1/auth/logout',
      'POST /api/v1/auth/password-reset',
      'POST /api/v1/auth/password-reset/confirm',
      'POST /api/v1/auth/refresh',
    ]);
  });

  it('has no login routes when a provider signs users in', async () => {
    const provider = { jwksUrl: 'http://127.0.0.1:1/', issuer: 'https://id.example.com/', audience: 'deskwire' };
    await using other = await startApi({ queries: noQueries(), auth: { provider } });
    const { body } = await other.anonymous.send('GET', '/docs/openapi.json');
    expect(Object.keys(body.paths).filter((path) => path.includes('/auth/'))).toEqual([]);
  });
});

describe('the reference page', () => {
  it('works offline: it loads everything from this server', async () => {
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

  it('serves the document for tools', async () => {
    const { status, body } = await api.anonymous.send('GET', '/docs/asyncapi.json');
    expect(status).toBe(200);
    expect(body).toEqual(createAsyncApi(DIALECTS, '1'));
  });
});
