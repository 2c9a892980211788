/** Takes the pictures for `docs/screenshots`; see `screenshots.config.ts`. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Page } from 'playwright-core';
import { beforeAll, test } from 'vitest';
import { DEFAULT_SCHEMAS } from '../../src/projections/catalog.ts';
import { signInAll } from '../conformance/people.ts';
import { startServer } from '../conformance/server.ts';
import { createDatabase } from '../support/services.ts';
import { until } from '../support/until.ts';
import { prepareDesk } from './support/desk.ts';
import type { DeviceOptions } from './support/pages.ts';
import { type Story, tellStory } from './support/story.ts';
import { viewsOf } from './support/views.ts';

const FOLDER = join(import.meta.dirname, '../../docs/screenshots');
const SCREEN = { width: 1200, height: 760 };
const PHONE = { width: 390, height: 780 };
/** Views that are also shown on a phone and in another language. */
const FEW = new Set(['desk', 'tickets', 'operations', 'timeline', 'requester']);

/** Points that a chart needs before its picture is taken. */
const LOOKS = 14;

let databaseUrl = '';
const desk = prepareDesk(async () => {
  await using parts = new AsyncDisposableStack();
  const database = parts.use(await createDatabase());
  databaseUrl = database.url;
  const { url } = parts.use(await startServer({ DATABASE_URL: databaseUrl }));
  const owned = parts.move();
  return { url, [Symbol.asyncDispose]: () => owned.disposeAsync() };
});
let story: Story;
beforeAll(async () => {
  story = await tellStory(desk.url);
  await park();
  await mkdir(FOLDER, { recursive: true });
});

/** Parks an event: a constraint makes a read model fail on it. */
async function park(): Promise<void> {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 1 });
  try {
    const table = `${DEFAULT_SCHEMAS.tickets}.tickets`;
    await pool.query(`alter table ${table} add constraint printable check (description not like 'Return label%')`);
  } finally {
    await pool.end();
  }
  const { driver2, admin } = await signInAll(desk.url, ['driver2', 'admin'] as const);
  await driver2.call('POST', '/api/v1/tickets', 201, { description: 'Return label of order 4471 cannot be printed' });
  await until(async () => {
    const { items } = await admin.call('GET', '/api/v1/operations/parked', 200);
    return Array.isArray(items) && items.length > 0;
  }, 'the event to be parked');
}

const KINDS = {
  light: { viewport: SCREEN },
  dark: { viewport: SCREEN, theme: 'dark' },
  phone: { viewport: PHONE },
  rtl: { viewport: SCREEN, language: 'ar' },
} as const satisfies Record<string, DeviceOptions>;
type Kind = keyof typeof KINDS;
const kinds = Object.keys(KINDS) as Kind[];

const shoot = (page: Page, name: string, kind: Kind) => page.screenshot({ path: join(FOLDER, `${name}-${kind}.png`) });

test.each(kinds)('%s', async (kind) => {
  await using staff = await desk.devices.signedIn(desk.url, 'agent', KINDS[kind]);
  await using requester = await desk.devices.signedIn(desk.url, 'driver', KINDS[kind]);
  await using nobody = await desk.devices.device(KINDS[kind]);
  const pages = { staff: staff.page, requester: requester.page, nobody: nobody.page };
  for (const { name, who, path, ready } of viewsOf(story.ticketId)) {
    if (name === 'operations' || ((kind === 'phone' || kind === 'rtl') && !FEW.has(name))) continue;
    const page = pages[who];
    await page.goto(desk.url + path);
    await page.locator(ready).first().waitFor({ state: 'attached' });
    if (who !== 'nobody') await page.locator('.connection.live').waitFor();
    await page.locator('.ticket-row[aria-current] .badge').waitFor({ state: 'detached' });
    if (name === 'timeline') await page.locator('.timeline-event').nth(1).click();
    await shoot(page, name, kind);
  }
});

test('operations, while something happens', async () => {
  const { driver } = await signInAll(desk.url, ['driver'] as const);
  const { id } = await driver.call('POST', '/api/v1/tickets', 201, { description: 'Load test of the yard scanners' });
  let done = false;
  const post = (message: string) => driver.call('POST', `/api/v1/tickets/${id}/messages`, 201, { message });
  const posting = (async () => {
    for (let burst = 1; !done; burst = (burst % 9) + 1) {
      await Promise.all(Array.from({ length: burst * 4 }, (_, number) => post(`Scan ${burst}.${number}`)));
      await sleep(40);
    }
  })();
  try {
    for (const kind of kinds) {
      await using admin = await desk.devices.signedIn(desk.url, 'admin', KINDS[kind]);
      await admin.page.goto(`${desk.url}/operations`);
      const line = admin.page.locator('.figure .line').first();
      await until(async () => ((await line.getAttribute('d')) ?? '').split('L').length > LOOKS, 'a line to show');
      await shoot(admin.page, 'operations', kind);
      if (kind !== 'light') continue;
      await admin.page.locator('.operations').evaluate((view) => view.scrollTo(0, view.scrollHeight));
      await shoot(admin.page, 'operations-below', kind);
    }
  } finally {
    done = true;
    await posting;
  }
});
