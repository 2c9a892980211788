/** Tests writing with input methods, right-to-left letters, pasted files, and drafts of a ticket that is closed. */
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { signInAll } from '../conformance/people.ts';
import { prepareDesk } from './support/desk.ts';
import { composerOf, messageIn, openTicket, say } from './support/pages.ts';

const desk = prepareDesk();

/** A picture of one pixel. */
const PNG = [
  ...Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
    'base64',
  ),
];

interface Pressed {
  readonly isComposing: boolean;
  readonly keyCode: number;
}

/** The events of an Enter as browsers send them. Chromium cannot be made to send another browser's. */
async function pressEnter(page: Page, { isComposing, keyCode }: Pressed): Promise<boolean> {
  return composerOf(page).evaluate(
    (field, init) =>
      field.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true, ...init })),
    { isComposing, keyCode },
  );
}

test('an Enter that ends a composition sends nothing, in any browser’s order of events; the next one sends', async () => {
  await using driver = await desk.devices.signedIn(desk.url, 'driver');
  const { page, context } = driver;
  await openTicket(page, 'にほんご');
  const input = await context.newCDPSession(page);
  await composerOf(page).focus();
  await input.send('Input.imeSetComposition', { text: 'にほんご', selectionStart: 4, selectionEnd: 4 });
  // Chromium and Firefox: the Enter comes while the text is composed.
  expect(await pressEnter(page, { isComposing: true, keyCode: 229 })).toBe(true);
  await input.send('Input.insertText', { text: '日本語' });
  // Safari: it comes after the composition, with the key code of input methods.
  expect(await pressEnter(page, { isComposing: false, keyCode: 229 })).toBe(true);
  expect(await composerOf(page).inputValue()).toBe('日本語');
  expect(await page.locator('.message').count()).toBe(0);
  await composerOf(page).press('Enter');
  await messageIn(page, '日本語').waitFor();
  expect(await composerOf(page).inputValue()).toBe('');
});

test('a composition goes on while the page shows new messages and typing of others', async () => {
  await using driver = await desk.devices.signedIn(desk.url, 'driver');
  const { page, context } = driver;
  const path = await openTicket(page, 'Meanwhile');
  const { agent } = await signInAll(desk.url, ['agent'] as const);
  const input = await context.newCDPSession(page);
  await composerOf(page).focus();
  await input.send('Input.imeSetComposition', { text: 'かん', selectionStart: 2, selectionEnd: 2 });
  await agent.call('POST', `/api/v1${path}/messages`, 201, { message: 'Are you there?' });
  await messageIn(page, 'Are you there?').waitFor();
  await input.send('Input.imeSetComposition', { text: 'かんじ', selectionStart: 3, selectionEnd: 3 });
  await input.send('Input.insertText', { text: '漢字' });
  expect(await composerOf(page).inputValue()).toBe('漢字');
});

test('a text of two directions keeps each line’s own; a name does not move the words around it', async () => {
  const { admin } = await signInAll(desk.url, ['admin'] as const);
  await admin.call('PATCH', '/api/v1/users/8', 200, { name: 'דנה (תמיכה)!' });
  await using driver = await desk.devices.signedIn(desk.url, 'driver2');
  await using agent = await desk.devices.signedIn(desk.url, 'agent', { language: 'ar' });
  const path = await openTicket(driver.page, 'שלום');
  await agent.page.goto(desk.url + path);
  await composerOf(driver.page).fill('Order 7:\nהשער סגור.');
  await composerOf(driver.page).press('Enter');
  const text = messageIn(agent.page, 'Order 7').locator('.message-text');
  await text.waitFor();
  expect(await text.evaluate((element) => getComputedStyle(element).unicodeBidi)).toBe('plaintext');
  await composerOf(driver.page).pressSequentially('א');
  await agent.page.getByText('\u2068דנה (תמיכה)!\u2069 يكتب الآن').waitFor();
});

test('pasted files are attached, text that has a picture beside it is pasted as text', async () => {
  await using agent = await desk.devices.signedIn(desk.url, 'agent');
  const { page } = agent;
  await openTicket(page, 'From the clipboard');
  const paste = (content: { readonly files?: boolean; readonly text?: string; readonly html?: string }) =>
    composerOf(page).evaluate(
      (field, { files, text, html, bytes }) => {
        const data = new DataTransfer();
        if (files) data.items.add(new File([new Uint8Array(bytes)], 'shot.png', { type: 'image/png' }));
        if (text !== undefined) data.setData('text/plain', text);
        if (html !== undefined) data.setData('text/html', html);
        field.focus();
        return field.dispatchEvent(
          new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }),
        );
      },
      { ...content, bytes: PNG },
    );
  // A spreadsheet: the browser pastes the text by itself.
  expect(await paste({ files: true, text: 'a\tb', html: '<table><tr><td>a</td><td>b</td></tr></table>' })).toBe(true);
  expect(await page.locator('.upload').count()).toBe(0);
  // A page that puts markup alone on the clipboard.
  expect(await paste({ html: '<p>From <b>a page</b></p><script>1</script>' })).toBe(false);
  await expect.poll(() => composerOf(page).inputValue()).toBe('From a page');
  // A screenshot.
  expect(await paste({ files: true })).toBe(false);
  await page.locator('.upload img').waitFor();
  await page.locator('.upload progress').waitFor({ state: 'detached' });
  await composerOf(page).press('Enter');
  await messageIn(page, 'From a page').locator('img[alt="shot.png"]').waitFor();
});

test('a note with a file stays one over a reload and when the ticket is closed, and is never sent as a reply', async () => {
  const people = await signInAll(desk.url, ['agent', 'driver'] as const);
  const { id } = await people.driver.call('POST', '/api/v1/tickets', 201, { description: 'Closed meanwhile' });
  await using agent = await desk.devices.signedIn(desk.url, 'agent');
  const { page } = agent;
  await page.goto(`${desk.url}/tickets/${id}`);
  await page.getByText('Internal note', { exact: true }).first().click();
  await composerOf(page).fill('He paid twice');
  await page.locator('.composer input[type=file]').setInputFiles({
    name: 'proof.png',
    mimeType: 'image/png',
    buffer: Buffer.from(PNG),
  });
  await page.locator('.upload progress').waitFor({ state: 'detached' });
  await people.agent.call('PATCH', `/api/v1/tickets/${id}`, 200, { status: 'closed' });
  await page.getByText('This internal note was not added.').waitFor();
  await page.reload();
  await page.getByText('This internal note was not added.').waitFor();
  expect(await page.locator('textarea.composer-text').inputValue()).toBe('He paid twice');
  await page.getByText('proof.png').waitFor();
  await page.getByRole('button', { name: 'Discard' }).click();
  await page.getByText('This internal note was not added.').waitFor({ state: 'detached' });

  const other = await people.driver.call('POST', '/api/v1/tickets', 201, { description: 'Still open' });
  await page.goto(`${desk.url}/tickets/${other.id}`);
  await page.getByText('Internal note', { exact: true }).first().click();
  await composerOf(page).fill('Staff only');
  await page.reload();
  await page.getByRole('textbox', { name: 'Write a note for staff only' }).waitFor();
  await composerOf(page).press('Enter');
  await messageIn(page, 'Staff only').locator('.note-mark').waitFor();
  // What was sent does not come back as a draft, in this tab or another one.
  await page.reload();
  await messageIn(page, 'Staff only').waitFor();
  expect(await composerOf(page).inputValue()).toBe('');
  const { messages } = await people.driver.call('GET', `/api/tickets/${other.id}/chat`, 200);
  expect(JSON.stringify(messages)).not.toContain('Staff only');
});

test('a person who is added or removed sees it: in the list, and on the page of the ticket', async () => {
  const people = await signInAll(desk.url, ['agent', 'driver'] as const);
  const { id, number } = await people.driver.call('POST', '/api/v1/tickets', 201, { description: 'With a colleague' });
  await people.driver.call('POST', `/api/v1/tickets/${id}/messages`, 201, { message: 'Hello' });
  await using other = await desk.devices.signedIn(desk.url, 'driver2');
  const { page, context } = other;
  const row = page.locator('.ticket-row', { hasText: 'With a colleague' });
  const byNumber = await context.newPage();
  await Promise.all([page.goto(`${desk.url}/tickets/${id}`), byNumber.goto(`${desk.url}/tickets/${number}`)]);
  for (const one of [page, byNumber]) await one.getByText('This ticket is not there').waitFor();
  expect(await row.count()).toBe(0);

  await people.agent.call('POST', `/api/v1/tickets/${id}/participants`, 201, { userId: '8' });
  await row.waitFor();
  for (const one of [page, byNumber]) await messageIn(one, 'Hello').waitFor();
  await say(page, 'Thank you for adding me');
  await messageIn(byNumber, 'Thank you for adding me').waitFor();

  await people.agent.call('DELETE', `/api/v1/tickets/${id}/participants/8`, 204);
  await row.waitFor({ state: 'detached' });
  for (const one of [page, byNumber]) await one.getByText('This ticket is not there').waitFor();
});
