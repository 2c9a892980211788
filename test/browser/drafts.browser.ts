/** Tests that a draft keeps its text and mode until it is sent, and that nothing of it stays after a sign-out. */
import { expect, test } from 'vitest';
import { prepareDesk } from './support/desk.ts';
import { composerOf, messageIn, openTicket, say, signIn } from './support/pages.ts';

const desk = prepareDesk();

test('a note that is left and come back to stays a note, also over a reload', async () => {
  await using agent = await desk.devices.signedIn(desk.url, 'agent');
  const { page } = agent;
  const first = await openTicket(page, 'The first matter');
  await openTicket(page, 'The second matter');
  await page.goto(desk.url + first);
  await page.getByText('Internal note', { exact: true }).first().click();
  await composerOf(page).fill('They paid twice');
  await page.getByRole('link', { name: 'The second matter' }).click();
  await page.getByRole('textbox', { name: 'Write a message' }).waitFor();
  expect(await composerOf(page).inputValue()).toBe('');
  await page.getByRole('link', { name: 'The first matter' }).click();
  await page.getByRole('textbox', { name: 'Write a note for staff only' }).waitFor();
  await page.reload();
  await page.getByRole('textbox', { name: 'Write a note for staff only' }).waitFor();
  expect(await composerOf(page).inputValue()).toBe('They paid twice');
  await composerOf(page).press('Enter');
  await messageIn(page, 'They paid twice').locator('.note-mark').waitFor();
});

test('a text that is too long is kept whole, shown as such, and not sent', async () => {
  await using driver = await desk.devices.signedIn(desk.url, 'driver');
  const { page } = driver;
  await openTicket(page, 'A long story');
  await composerOf(page).fill(`${'👍'.repeat(10_000)}!!`);
  await page.getByText('The text is 2 characters too long.').waitFor();
  await composerOf(page).press('Enter');
  await page.getByRole('button', { name: 'Select what is too much' }).click();
  await page.keyboard.press('Delete');
  expect(await composerOf(page).inputValue()).toBe('👍'.repeat(10_000));
  await page.getByText('The text is 2 characters too long.').waitFor({ state: 'detached' });
});

test('a sign-out warns of unsent text, removes tokens and drafts, and the next sign-in works', async () => {
  await using agent = await desk.devices.signedIn(desk.url, 'agent');
  const { page } = agent;
  await openTicket(page, 'A secret matter');
  await say(page, 'Known to all');
  await composerOf(page).fill('Not to be kept');
  const stored = () => page.evaluate(() => JSON.stringify({ ...localStorage }));
  expect(await stored()).toContain('Not to be kept');
  expect(await stored()).not.toMatch(/token/i);
  await page.getByRole('button', { name: 'Account and settings' }).click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByText('1 message was not sent.').waitFor();
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
  expect(await composerOf(page).inputValue()).toBe('Not to be kept');
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Sign out' }).click();
  await page.locator('input[name=email]').waitFor();
  expect(await stored()).not.toMatch(/Not to be kept|agent/);
  await signIn(page, desk.url, 'driver');
});
