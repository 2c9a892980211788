/**
 * Every way to read over HTTP, taken from the route table: each GET route with every path parameter that could lead to
 * something, and with each of its query parameters. A parameter that is unknown here stops the test.
 */
import type { RouteOptions } from 'fastify';
import type { Client } from '../api/rig.ts';

/** Values for the parameters of routes, by name. */
export interface Leads {
  readonly params: (route: string, name: string) => readonly string[];
  readonly query: Readonly<Record<string, readonly string[]>>;
}

export interface Found {
  readonly status: number;
  readonly text: string;
}

/** What is found, by URL. Lists are read to their ends. */
export async function walk(client: Client, routes: readonly RouteOptions[], leads: Leads): Promise<Map<string, Found>> {
  const found = new Map<string, Found>();
  for (const route of readsOf(routes)) {
    for (const path of pathsOf(route.url, leads)) {
      for (const query of ['', ...queriesOf(route, leads)]) await follow(client, path + query, found);
    }
  }
  return found;
}

export function readsOf(routes: readonly RouteOptions[]): readonly RouteOptions[] {
  return routes.filter(({ method }) => method === 'GET');
}

/** The page itself, and those after it. */
async function follow(client: Client, url: string, found: Map<string, Found>): Promise<void> {
  const response = await client.fetch(url, { redirect: 'manual' });
  const body = await response.text();
  // Also what a header says, but for what is of this request.
  const headers = [...response.headers].filter(([name]) => !OF_REQUEST.has(name));
  found.set(url, { status: response.status, text: `${JSON.stringify(headers)}${body}` });
  const next = /"nextCursor":"([^"]+)"/.exec(body)?.[1];
  if (next === undefined || url.includes('cursor=') || url.includes('before=')) return;
  const name = url.includes('/messages') || url.includes('/chat') ? 'before' : 'cursor';
  await follow(client, `${url}${url.includes('?') ? '&' : '?'}${name}=${encodeURIComponent(next)}`, found);
}

const OF_REQUEST = new Set(['x-request-id', 'date', 'connection', 'keep-alive', 'content-length']);

function pathsOf(url: string, leads: Leads): string[] {
  const [name] = /(?<=:)\w+/.exec(url) ?? [];
  if (name === undefined) return [url];
  const values = leads.params(url, name);
  if (values.length === 0) throw new Error(`nothing leads through :${name} of ${url}`);
  return values.flatMap((value) => pathsOf(url.replace(`:${name}`, encodeURIComponent(value)), leads));
}

function queriesOf({ url, schema }: RouteOptions, { query }: Leads): string[] {
  const { properties = {} } = (schema?.querystring ?? {}) as { properties?: object };
  return Object.keys(properties).flatMap((name) => {
    const values = query[name];
    if (values === undefined) throw new Error(`nothing is known of ?${name}= of ${url}`);
    return values.map((value) => `?${name}=${encodeURIComponent(value)}`);
  });
}
