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
  for (let number = 1; number <= COUNT; number += 1) await register(`Person ${String(number).padStart(3, '0')}`);
  await register('Zoë Ångström');

  await using agent = await desk.devices.signedIn(desk.url, 'agent');
  const { page } = agent;
  await openTicket(page, 'Whose is it?');
  const assignee = page.locator('.details').getByRole('button', { name: /^Assignee: / });
  await assignee.click();
  const field = page.getByRole('combobox', { name: 'Name or email' });
  const options = page.locator('.picker-panel').getByRole('option');
  await options.getByText('Person 001', { exact: true }).waitFor();

  // The last one, with the keyboard: the pages follow by themselves.
  for (;;) {
    const shown = await options.count();
    if ((await options.last().textContent()) === 'Zoë Ångström') break;
    for (let presses = 0; presses < shown; presses += 1) await field.press('ArrowDown');
    await expect.poll(() => options.count()).toBeGreaterThan(shown);
  }
  expect(await options.count()).toBeGreaterThan(COUNT);

  // By words, without the signs that a keyboard lacks.
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
