/** Tests that messages arrive once, whatever happens to the server or the connection meanwhile. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FlakyProxy, startFlakyProxy } from '../support/flaky-proxy.ts';
import { until } from '../support/until.ts';
import { prepareDesk } from './support/desk.ts';
import { composerOf, messageIn, openTicket, saidIn, say } from './support/pages.ts';
import { type MortalServer, startMortalServer } from './support/system.ts';

let server: MortalServer;
const desk = prepareDesk(async () => {
  server = await startMortalServer();
  return server;
});
let proxy: FlakyProxy;
beforeAll(async () => {
  proxy = await startFlakyProxy(desk.url);
});
afterAll(() => proxy?.[Symbol.asyncDispose]());

/** High enough for all messages below: rows out of sight are not in the page. */
const viewport = { width: 1280, height: 2_400 };

test('after the server is killed while two users write, no message is missing or doubled', async () => {
  await using driver = await desk.devices.signedIn(desk.url, 'driver', { viewport });
  await using agent = await desk.devices.signedIn(desk.url, 'agent', { viewport });
  await openTicket(driver.page, 'In the middle of it');
  await agent.page.getByRole('link', { name: 'In the middle of it' }).click();
  await say(driver.page, 'driver 0');
  await messageIn(agent.page, 'driver 0').waitFor();

  const written = ['driver 0'];
  const write = async (who: 'driver' | 'agent', number: number) => {
    await say((who === 'driver' ? driver : agent).page, `${who} ${number}`);
    written.push(`${who} ${number}`);
  };
  // Some messages are on their way when the server dies; some are written while it is down.
  for (const number of [1, 2, 3]) await Promise.all([write('driver', number), write('agent', number)]);
  await server.kill();
  for (const number of [4, 5, 6]) await Promise.all([write('driver', number), write('agent', number)]);
  await driver.page.locator('.message.is-pending').first().waitFor();
  await driver.page.locator('.connection:not(.live)').waitFor();
  await server.start();

  for (const { page } of [driver, agent]) await page.locator('.connection.live').waitFor();
  for (const { page } of [driver, agent]) {
    await until(async () => (await saidIn(page)).length >= written.length, 'every message to arrive');
    await page.locator('.message.is-pending').waitFor({ state: 'detached' });
  }
  const seen = await saidIn(driver.page);
  expect(seen.toSorted()).toEqual(written.toSorted());
  expect(await saidIn(agent.page)).toEqual(seen);
  for (const who of ['driver', 'agent']) {
    const own = seen.filter((text) => text.startsWith(who));
    expect(own).toEqual(own.toSorted());
  }
  await driver.page.reload();
  await messageIn(driver.page, 'agent 6').waitFor();
  await until(async () => (await saidIn(driver.page)).length >= written.length, 'the page to be there again');
  expect(await saidIn(driver.page)).toEqual(seen);
});

test('messages written without a connection are marked, survive the page, and are sent when it is back', async () => {
  await using driver = await desk.devices.signedIn(proxy.url, 'driver', { viewport });
  await using agent = await desk.devices.signedIn(desk.url, 'agent', { viewport });
  const { page, context } = driver;
  const path = await openTicket(page, 'Through a tunnel');
  await agent.page.getByRole('link', { name: 'Through a tunnel' }).click();
  await composerOf(agent.page).waitFor();

  proxy.refuse();
  await page.locator('.connection:not(.live)').waitFor();
  await say(page, 'Still in here');
  await say(page, 'Nearly out');
  expect(await page.locator('.message.is-pending').count()).toBe(2);
  await page.getByText('2 messages wait to be sent').waitFor();
  await page.close();

  // The page's files are served while the API and the sockets are still unreachable.
  await context.route(
    ({ origin, pathname }) => origin === proxy.url && !/^\/(api|socket\.io)\//.test(pathname),
    async (route) => {
      const { href } = new URL(route.request().url().replace(proxy.url, desk.url));
      await route.fulfill({ response: await route.fetch({ url: href }) });
    },
  );
  const again = await context.newPage();
  await again.goto(proxy.url + path);
  await again.getByText('2 messages wait to be sent').waitFor();
  proxy.heal();

  for (const one of [again, agent.page]) {
    await until(async () => (await saidIn(one)).length >= 2, 'both messages to arrive');
    expect(await saidIn(one)).toEqual(['Still in here', 'Nearly out']);
  }
  await again.getByText('wait to be sent').waitFor({ state: 'detached' });
});
