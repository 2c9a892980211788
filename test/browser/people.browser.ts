/** Tests how staff choose among more people than one page has, and that people who come later can be chosen, too. */
import { expect, test } from 'vitest';
import { signInAll } from '../conformance/people.ts';
import { prepareDesk } from './support/desk.ts';
import { openTicket } from './support/pages.ts';

const desk = prepareDesk();
const COUNT = 120;

test('a ticket is assigned to any of more than 100 people, and to one who comes while the list is open', async () => {
  const { admin } = await signInAll(desk.url, ['admin'] as const);
  const register = (name: string) => admin.call('POST', '/api/v1/users', 201, { name, role: 'agent' });
  const names = Array.from({ length: COUNT }, (_, index) => `Person ${String(index + 1).padStart(3, '0')}`);
  await Promise.all(names.map(register));
  await register('Zoë Ångström');

  await using agent = await desk.devices.signedIn(desk.url, 'agent');
  const { page } = agent;
  await openTicket(page, 'Whose is it?');
  const assignee = page.locator('.details').getByRole('button', { name: /^Assignee: / });
  await assignee.click();
  const field = page.getByRole('combobox', { name: 'Name or email' });
  const options = page.locator('.picker-panel').getByRole('option');
  await options.getByText('Person 001', { exact: true }).waitFor();

  // The next page comes with the key that leads beyond the shown ones, or with the button.
  const shown = await options.count();
  for (let presses = 1; presses < shown; presses += 1) await field.press('ArrowDown');
  await expect.poll(() => options.count()).toBeGreaterThan(shown);
  const more = page.getByRole('button', { name: 'Show more' });
  await more.click();
  await more.waitFor({ state: 'detached' });
  expect(await options.last().textContent()).toBe('Zoë Ångström');
  expect(await options.count()).toBeGreaterThan(COUNT);

  // By words.
  await field.fill('person 119');
  await expect.poll(() => options.allTextContents()).toEqual(['Person 119']);
  await field.press('Enter');
  await page.getByRole('button', { name: 'Assignee: Person 119' }).first().waitFor();

  // Somebody who is registered while the list is open.
  await assignee.click();
  await field.fill('newcomer');
  await expect.poll(() => options.count()).toBe(0);
  await register('Newcomer');
  await options.getByText('Newcomer', { exact: true }).click();
  await page.locator('.details').getByRole('button', { name: 'Assignee: Newcomer' }).waitFor();

  // Escape closes the list alone.
  await assignee.click();
  await field.press('Escape');
  await field.waitFor({ state: 'detached' });
  expect(await assignee.evaluate((button) => button === document.activeElement)).toBe(true);
});
