/** Tests conversations between users of the console. */
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { prepareDesk } from './support/desk.ts';
import { composerOf, messageIn, openTicket, saidIn, say, signIn } from './support/pages.ts';
import { record } from './support/record.ts';

const desk = prepareDesk();

test('two users chat: each sees the other’s typing, messages and read marks', async () => {
  await using driver = await desk.devices.signedIn(desk.url, 'driver');
  await using agent = await desk.devices.signedIn(desk.url, 'agent');
  const path = await openTicket(driver.page, 'The gate is shut');

  await agent.page.getByRole('link', { name: 'The gate is shut' }).click();
  await composerOf(agent.page).waitFor();
  await composerOf(driver.page).pressSequentially('Is any');
  await agent.page.getByText(/john_driver\W is typing/).waitFor();
  await say(driver.page, 'Is anybody there?');
  await messageIn(agent.page, 'Is anybody there?').waitFor();
  await say(agent.page, 'I am. Which gate?');
  await messageIn(driver.page, 'I am. Which gate?').waitFor();
  await messageIn(agent.page, 'I am. Which gate?')
    .getByText(/Read by \Wjohn_driver/)
    .waitFor();
  await say(driver.page, 'The northern one');
  await messageIn(agent.page, 'The northern one').waitFor();

  const said = ['Is anybody there?', 'I am. Which gate?', 'The northern one'];
  await until(async () => (await saidIn(driver.page)).length === said.length, 'everything to be sent');
  expect(await saidIn(driver.page)).toEqual(said);
  expect(await saidIn(agent.page)).toEqual(said);
  expect(new URL(agent.page.url()).pathname).toBe(path);
});

test('a message is posted with the keyboard alone', async () => {
  await using driver = await desk.devices.signedIn(desk.url, 'driver');
  const { page } = driver;
  await openTicket(page, 'By hand');
  await page.goto(desk.url);
  await page.getByRole('link', { name: 'By hand' }).waitFor();
  await tabTo(page, 'a.ticket-row');
  await page.keyboard.press('Enter');
  await composerOf(page).waitFor();
  await tabTo(page, '.composer-text');
  await page.keyboard.type('No mouse here');
  await page.keyboard.press('Enter');
  await messageIn(page, 'No mouse here').waitFor();
  await until(async () => (await saidIn(page)).includes('No mouse here'), 'the message to be sent');
});

/** Presses Tab until an element that matches has the focus; at most 40 times. */
async function tabTo(page: Page, selector: string): Promise<void> {
  for (let presses = 0; presses < 40; presses += 1) {
    await page.keyboard.press('Tab');
    if (await page.evaluate((wanted) => document.activeElement?.matches(wanted) ?? false, selector)) return;
  }
  throw new Error(`Tab does not lead to ${selector}`);
}

test('an internal note never reaches the requester, neither in the page nor in its traffic', async () => {
  await using driver = await desk.devices.device();
  const traffic = record(driver.context);
  const { page } = driver;
  await using staff = await desk.devices.signedIn(desk.url, 'agent');
  const agent = staff.page;
  await signIn(page, desk.url, 'driver');
  await openTicket(page, 'Something about a refund');
  await agent.getByRole('link', { name: 'Something about a refund' }).click();

  await agent.getByText('Internal note', { exact: true }).click();
  await say(agent, 'xyzzy, he is not to know');
  await messageIn(agent, 'xyzzy').waitFor();
  await agent.getByText('Reply', { exact: true }).click();
  await say(agent, 'We are looking into it');
  await messageIn(page, 'We are looking into it').waitFor();
  // After a reload, and in the inbox.
  await page.reload();
  await messageIn(page, 'We are looking into it').waitFor();
  expect(await page.content()).not.toContain('xyzzy');
  await page.getByRole('link', { name: /Inbox/ }).click();
  await page.getByText('We are looking into it').first().waitFor();
  expect(await page.content()).not.toContain('xyzzy');

  const heard = await traffic.everything();
  expect(heard).toContain('We are looking into it');
  expect(heard).not.toContain('xyzzy');
});

test('badges show the same on all of a user’s devices', async () => {
  await using first = await desk.devices.signedIn(desk.url, 'driver2');
  await using second = await desk.devices.signedIn(desk.url, 'driver2');
  await using agent = await desk.devices.signedIn(desk.url, 'agent');
  await openTicket(first.page, 'Twice at hand');
  await first.page.goto(`${desk.url}/inbox`);
  await agent.page.getByRole('link', { name: 'Twice at hand' }).click();
  for (const text of ['One', 'Two']) {
    await say(agent.page, text);
    await messageIn(agent.page, text).waitFor();
  }
  const badges = [first, second].map(({ page }) => page.locator('.navigation-link .badge'));
  for (const badge of badges) await badge.getByText('2 unread').waitFor();
  await second.page.locator('.ticket-row').getByText('2 unread messages').waitFor();
  await first.page
    .getByRole('button', { name: /^Mark as read/ })
    .first()
    .click();
  for (const badge of badges) await badge.getByText('1 unread').waitFor();
  await second.page.getByRole('link', { name: /Inbox/ }).click();
  await second.page.getByRole('button', { name: 'Mark all as read' }).click();
  for (const badge of badges) await badge.waitFor({ state: 'detached' });
});
