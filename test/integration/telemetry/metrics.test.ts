import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../../support/until.ts';
import { openTicket, post, signIn } from '../gateway/rig.ts';
import { type Started, scrape, startServer } from './rig.ts';

const docs = join(import.meta.dirname, '..', '..', '..', 'docs');
let server: Started;

beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server[Symbol.asyncDispose]());

describe('/metrics', () => {
  it('counts what happened, with consistent numbers', async () => {
    const driver = await signIn(server.url, 'driver');
    const agent = await signIn(server.url, 'agent');
    const { id: ticketId, number } = await openTicket(driver);
    using first = agent.connect();
    await first.ask('join_ticket', { ticketId });
    for (let i = 0; i < 5; i += 1) await post(driver, ticketId, `message ${i}`);
    using second = agent.connect();
    await second.ask('join_ticket', { ticketId, after: 1 });
    using third = agent.connect();
    await third.ask('join_ticket', { ticketId, after: 999 });
    using stranger = (await signIn(server.url, 'driver2')).connect('/', { auth: { token: 'wrong' } });
    await stranger.first('error');
    await driver.send('PATCH', `/api/v1/support/${number}`, { status: 'closed' });
    await fetch(`${server.url}/api/v1/support`);

    const settled = async () => {
      const series = await scrape(server.url);
      expect(series.get('deskwire_relay_lag_events')).toBe(0);
      return series;
    };
    const series = await until(settled, 'the relay to have caught up');
    const value = (name: string) => series.get(name);
    expect(value('deskwire_commands_total{kind="ticket",command="PostMessage",result="done"}')).toBe(5);
    expect(value('deskwire_commands_total{kind="ticket",command="ChangeTicket",result="forbidden"}')).toBe(1);
    expect(value('deskwire_joins_total{stream="ticket"}')).toBe(3);
    expect(value('deskwire_replays_total{stream="ticket"}')).toBe(1);
    expect(value('deskwire_replayed_events_total{stream="ticket"}')).toBe(5);
    expect(value('deskwire_resyncs_total{stream="ticket",reason="unknown_version"}')).toBe(1);
    expect(value('deskwire_sockets{namespace="/"}')).toBe(3);
    expect(value('deskwire_rooms{namespace="/"}')).toBeGreaterThanOrEqual(1);
    expect(value('deskwire_slow_consumers_total{namespace="/"}')).toBe(0);
    expect(value('deskwire_auth_failures_total{channel="socket",reason="unauthorized"}')).toBe(1);
    expect(value('deskwire_auth_failures_total{channel="http",reason="unauthorized"}')).toBe(1);
    expect(value('deskwire_actors_active')).toBeGreaterThanOrEqual(10);
    const posts = 'method="POST",route="/api/tickets/:ticketId/chat",status="201"';
    expect(value(`deskwire_http_request_duration_seconds_count{${posts}}`)).toBe(5);
    expect(value('deskwire_append_batch_events_sum')).toBe(value('deskwire_log_position'));
    expect(value('deskwire_append_duration_seconds_count')).toBe(value('deskwire_append_batch_events_count'));
    expect(value('deskwire_relay_position')).toBe(value('deskwire_log_position'));
    expect(value('deskwire_relay_leading')).toBe(1);
    expect(value('nodejs_eventloop_lag_seconds')).toBeDefined();
    for (const projection of ['tickets', 'messages', 'notifications', 'users', 'references']) {
      expect(value(`deskwire_projection_position{projection="${projection}"}`), projection).toBeGreaterThan(0);
      expect(value(`deskwire_projection_failing{projection="${projection}"}`)).toBe(0);
      expect(value(`deskwire_projection_parked_streams{projection="${projection}"}`)).toBe(0);
    }
  });

  it('has no label that a client invented', async () => {
    await fetch(`${server.url}/no/such/place-4711`);
    const text = await (await fetch(`${server.url}/metrics`)).text();
    expect(text).not.toContain('4711');
  });

  it('requires the token when one is configured', async () => {
    const token = 'scrape-0123456789abcdef';
    await using guarded = await startServer({ METRICS_TOKEN: token });
    const statusWith = async (authorization?: string) =>
      (await fetch(`${guarded.url}/metrics`, { headers: authorization ? { authorization } : {} })).status;
    expect(await statusWith()).toBe(401);
    expect(await statusWith(`Bearer ${token}x`)).toBe(401);
    expect(await statusWith(`Bearer ${token}`)).toBe(200);
  });

  it('does not exist when metrics are off', async () => {
    await using quiet = await startServer({ METRICS: 'off' });
    expect((await fetch(`${quiet.url}/metrics`)).status).toBe(404);
  });
});

describe('the documentation of the metrics', () => {
  /** Names as queries use them: of histograms their series, without labels. */
  async function names(): Promise<Set<string>> {
    const text = await (await fetch(`${server.url}/metrics`)).text();
    const found = new Set<string>();
    for (const [, name = '', type] of text.matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
      found.add(name);
      if (type === 'histogram') for (const suffix of ['bucket', 'sum', 'count']) found.add(`${name}_${suffix}`);
    }
    return found;
  }
  const oursAmong = (existing: ReadonlySet<string>) =>
    [...existing].filter((name) => /^deskwire_/.test(name) && !/_(bucket|sum|count)$/.test(name));
  const mentioned = (text: string) => [...new Set(text.match(/\b(?:deskwire|nodejs|process)_[a-z_]+\b/g) ?? [])];

  it('the dashboard shows every metric of ours, and none that does not exist', async () => {
    const dashboard = JSON.parse(await readFile(join(docs, 'grafana-dashboard.json'), 'utf8'));
    const queries: string[] = dashboard.panels.flatMap((panel: { targets?: { expr: string }[] }) =>
      (panel.targets ?? []).map(({ expr }) => expr),
    );
    expect(queries.length).toBeGreaterThan(15);
    const existing = await names();
    const shown = queries.join('\n');
    expect(mentioned(shown).filter((name) => !existing.has(name))).toEqual([]);
    expect(oursAmong(existing).filter((name) => !shown.includes(name))).toEqual([]);
  });

  it('the guide documents every metric of ours, and none that does not exist', async () => {
    const guide = await readFile(join(docs, 'monitoring.md'), 'utf8');
    const existing = await names();
    expect(mentioned(guide).filter((name) => !existing.has(name))).toEqual([]);
    expect(oursAmong(existing).filter((name) => !guide.includes(name))).toEqual([]);
  });
});
