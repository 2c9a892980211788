/** Tests that an admin operates the system from the page. */
import pg from 'pg';
import type { Page } from 'playwright-core';
import { afterAll, expect, test } from 'vitest';
import { DEFAULT_SCHEMAS } from '../../src/projections/catalog.ts';
import { startServer } from '../conformance/server.ts';
import { createDatabase } from '../support/services.ts';
import { prepareDesk } from './support/desk.ts';
import { messageIn, openTicket, say, signIn } from './support/pages.ts';

let pool: pg.Pool;
const desk = prepareDesk(async () => {
  await using parts = new AsyncDisposableStack();
  const database = parts.use(await createDatabase());
  pool = new pg.Pool({ connectionString: database.url, max: 2 });
  pool.on('error', () => {});
  const { url } = parts.use(await startServer({ DATABASE_URL: database.url }));
  const owned = parts.move();
  return { url, [Symbol.asyncDispose]: () => owned.disposeAsync() };
});
afterAll(() => pool?.end());

const lineOf = (page: Page, name: string) => page.locator(`[data-projection=${name}]`);
const confirm = (page: Page, action: string) =>
  page.getByRole('dialog').getByRole('button', { name: action, exact: true }).click();

async function operations() {
  const device = await desk.devices.signedIn(desk.url, 'admin');
  await device.page.getByRole('link', { name: 'Operations' }).click();
  await lineOf(device.page, 'tickets').getByText('Up to date', { exact: true }).waitFor();
  return device;
}

test('the log position rises while users write', async () => {
  await using admin = await operations();
  await using driver = await desk.devices.signedIn(desk.url, 'driver');
  const figure = admin.page.locator('.figure').filter({ hasText: 'Log position' }).locator('.figure-value');
  const before = await figure.textContent();
  await openTicket(driver.page, 'Something that happens');
  await expect.poll(() => figure.textContent()).not.toBe(before);
  await admin.page
    .getByText(/^Between .* in the last/)
    .first()
    .waitFor();
});

test('a rebuild shows its progress and is given up; another one completes and is rolled back', async () => {
  await using admin = await operations();
  const { page } = admin;
  const tickets = lineOf(page, 'tickets');
  // The last step of a rebuild waits for its projection's row.
  const holder = await pool.connect();
  try {
    await holder.query('begin');
    await holder.query("select from deskwire.projections where name = 'tickets' for update");
    await tickets.getByRole('button', { name: 'Rebuild: tickets' }).click();
    const progress = tickets.getByRole('progressbar', { name: 'Rebuilding: tickets' });
    await progress.waitFor();
    await tickets
      .locator('.rebuild p')
      .getByText(/of \d+ events/)
      .waitFor();
    await tickets.getByRole('button', { name: 'Give up: tickets' }).click();
    await confirm(page, 'Give up');
  } finally {
    await holder.query('rollback');
    holder.release();
  }
  const rebuild = tickets.getByRole('button', { name: 'Rebuild: tickets' });
  await rebuild.waitFor();
  await rebuild.click();
  const rollBack = tickets.getByRole('button', { name: 'Roll back: tickets' });
  await rollBack.waitFor();
  await rollBack.click();
  await confirm(page, 'Roll back');
  await tickets.getByText('Up to date', { exact: true }).waitFor();
});

test('a projection is paused and resumed', async () => {
  await using admin = await operations();
  const rooms = lineOf(admin.page, 'rooms');
  await rooms.getByRole('button', { name: 'Pause: rooms' }).click();
  await rooms.getByText('Paused', { exact: true }).waitFor();
  await rooms.getByRole('button', { name: 'Resume: rooms' }).click();
  await rooms.getByText('Up to date', { exact: true }).waitFor();
});

test('one parked event is retried and another one skipped from the page', async () => {
  await using admin = await operations();
  await using driver = await desk.devices.signedIn(desk.url, 'driver');
  const { page } = admin;
  const table = `${DEFAULT_SCHEMAS.tickets}.tickets`;
  await pool.query(`alter table ${table} add constraint no check (description not like 'poison%')`);
  for (const description of ['poison of yesterday', 'poison of today']) {
    await driver.page.goto(`${desk.url}/tickets/new`);
    await driver.page.getByLabel('What is it about?').fill(description);
    await driver.page.getByRole('button', { name: 'Open ticket' }).click();
  }
  const parked = page.locator('.parked').filter({ hasText: 'violates check constraint' });
  await expect.poll(() => parked.count()).toBe(2);
  await lineOf(page, 'tickets').getByText('Events parked').waitFor();

  await parked
    .last()
    .getByRole('button', { name: /^Skip: / })
    .click();
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  expect(await parked.count()).toBe(2);
  await parked
    .last()
    .getByRole('button', { name: /^Skip: / })
    .click();
  await confirm(page, 'Skip');
  await expect.poll(() => parked.count()).toBe(1);

  await pool.query(`alter table ${table} drop constraint no`);
  await page.getByRole('button', { name: /^Retry: ticket/ }).click();
  await page.getByText('No event is parked').waitFor();
  await driver.page.goto(desk.url);
  await driver.page.getByRole('link', { name: 'poison of yesterday' }).waitFor();
  expect(await driver.page.getByRole('link', { name: 'poison of today' }).count()).toBe(0);
});

test('a client that is disconnected from the page loses its connection and reconnects', async () => {
  await using admin = await operations();
  await using driver = await desk.devices.device();
  let closed = 0;
  driver.page.on('websocket', (socket) => socket.on('close', () => (closed += 1)));
  await signIn(driver.page, desk.url, 'driver');
  const line = admin.page.locator('[data-user="1"]').first();
  await line.getByRole('button', { name: 'Disconnect: john_driver' }).click();
  await confirm(admin.page, 'Disconnect');
  await expect.poll(() => closed).toBeGreaterThan(0);
  await driver.page.locator('.connection.live').waitFor();
});

test('the timeline of a ticket shows event by event', async () => {
  await using agent = await desk.devices.signedIn(desk.url, 'agent');
  await using driver = await desk.devices.signedIn(desk.url, 'driver');
  await openTicket(driver.page, 'What became of it');
  const { page } = agent;
  await page.getByRole('link', { name: 'What became of it' }).click();
  await page.locator('.details').getByLabel('Status').selectOption('resolved');
  await page.locator('.ticket-subtitle').getByText('Resolved').waitFor();
  await page.getByRole('link', { name: 'Timeline' }).click();

  const status = page.locator('[data-field=status]');
  const events = page.locator('.timeline-event');
  await page.getByText('Opened by john_driver').first().waitFor();
  await events.filter({ hasText: 'Status changed from open to resolved' }).click();
  expect(await status.textContent()).toContain('was \u2068Open\u2069');
  await page.keyboard.press('Home');
  await expect.poll(() => status.textContent()).toBe('StatusOpen');
  await page.getByText('Event 1 of').waitFor();
  expect(await page.locator('.circumstances').textContent()).toContain('127.0.0.1');
  await page.getByRole('button', { name: 'Next' }).click();
  await page.getByText('Event 2 of').waitFor();
  await page.getByRole('slider').press('End');
  await expect.poll(() => status.textContent()).toContain('Resolved');

  // Events that happen meanwhile appear at once.
  await say(driver.page, 'Not at all');
  await messageIn(driver.page, 'Not at all').waitFor();
  await events.filter({ hasText: 'Message posted by john_driver' }).first().waitFor();
  await expect.poll(() => status.textContent()).toContain('Open');
});
