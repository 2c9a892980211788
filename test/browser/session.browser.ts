/** Tests the console's session: renewals by several tabs, lost answers, wrong clocks, and a sign-out while offline. */
import type { BrowserContext, Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { logIn } from '../conformance/client.ts';
import { PASSWORD } from '../conformance/people.ts';
import { until } from '../support/until.ts';
import { prepareDesk } from './support/desk.ts';
import { composerOf, messageIn, openTicket, say, signIn } from './support/pages.ts';

const desk = prepareDesk();
const REFRESH = '**/api/v1/auth/refresh';

async function live(page: Page): Promise<void> {
  await page.locator('.connection.live').waitFor();
}

/** Counts the renewals of all pages of a device from now on. */
function countRenewals(context: BrowserContext): { readonly statuses: number[] } {
  const statuses: number[] = [];
  context.on('response', (response) => {
    if (response.url().endsWith('/api/v1/auth/refresh')) statuses.push(response.status());
  });
  return { statuses };
}

test.each(['with Web Locks', 'without Web Locks'])('four tabs that renew at once stay signed in, %s', async (locks) => {
  await using agent = await desk.devices.device();
  const { context } = agent;
  if (locks === 'without Web Locks')
    await context.addInitScript(() => Object.defineProperty(navigator, 'locks', { value: undefined }));
  await signIn(agent.page, desk.url, 'agent');
  const pages = [agent.page, ...(await Promise.all([1, 2, 3].map(() => context.newPage())))];
  const { statuses } = countRenewals(context);
  for (let round = 0; round < 2; round += 1) {
    await Promise.all(pages.map((page) => page.goto(desk.url)));
    await Promise.all(pages.map(live));
  }
  expect(statuses.filter((status) => status !== 200)).toEqual([]);
  expect(statuses.length).toBeGreaterThanOrEqual(pages.length);
});

test('a page that is left before the answer to its renewal goes on with the session', async () => {
  await using agent = await desk.devices.signedIn(desk.url, 'agent');
  const { page } = agent;
  let lost = 0;
  await page.route(REFRESH, async (route) => {
    if (lost > 0) return route.continue();
    lost += 1;
    // The server has answered, and nothing of the answer reaches the browser, its cookie included.
    const { cookie } = await route.request().allHeaders();
    const { headers, postData } = { headers: await route.request().allHeaders(), postData: route.request().postData() };
    const answer = await fetch(route.request().url(), {
      method: 'POST',
      headers: { ...fetchable(headers), cookie: cookie ?? '' },
      body: postData,
    });
    expect(answer.status).toBe(200);
    await route.abort('connectionreset');
  });
  await page.reload();
  await until(() => lost === 1, 'the answer to be lost');
  await live(page);
  await openTicket(page, 'Still signed in');
});

/** The headers that a program may set. */
function fetchable(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter(
      ([name]) => !name.startsWith(':') && !/^(host|connection|content-length)$/.test(name),
    ),
  );
}

test.each([
  ['2 hours fast', 7_200_000],
  ['2 hours slow', -7_200_000],
])('a device whose clock is %s stays live for hours with few renewals', async (_what, ahead) => {
  await using agent = await desk.devices.device();
  const { page, context } = agent;
  await context.clock.install({ time: Date.now() + ahead });
  await signIn(page, desk.url, 'agent');
  const { statuses } = countRenewals(context);
  await openTicket(page, `A clock that is ${ahead} ms ahead`);
  // The page's timers run for half an hour within moments.
  await context.clock.fastForward(1_800_000);
  await live(page);
  await say(page, 'Still here');
  await messageIn(page, 'Still here').waitFor();
  expect(statuses.length).toBeLessThanOrEqual(2);
  expect(statuses.every((status) => status === 200)).toBe(true);
});

test('a sign-out while offline removes the session here at once, and on the server when it can be reached', async () => {
  const { call } = await logIn(desk.url, 'ops@example.com', PASSWORD);
  const sessions = async () => ((await call('GET', '/api/v1/auth/sessions', 200)).items as unknown[]).length;
  const before = await sessions();
  await using ops = await desk.devices.signedIn(desk.url, 'ops');
  const { page, context } = ops;
  await openTicket(page, 'Before the tunnel');
  await composerOf(page).waitFor();
  expect(await sessions()).toBe(before + 1);

  await context.setOffline(true);
  await page.getByRole('button', { name: 'Account and settings' }).click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.locator('input[name=email]').waitFor();
  expect(await sessions()).toBe(before + 1);
  await context.setOffline(false);
  await until(async () => (await sessions()) === before, 'the session to end on the server');
  await page.reload();
  await page.locator('input[name=email]').waitFor();
  const cookies = await context.cookies(`${desk.url}/api/v1/auth/`);
  expect(cookies.filter(({ name, value }) => name.startsWith('deskwire_session') && value !== '')).toEqual([]);
  await signIn(page, desk.url, 'agent');
});
