/** Tests the widget in a page of another origin, whose Content-Security-Policy allows only the documented sources. */
import { once } from 'node:events';
import { createServer } from 'node:http';

import { expect, test } from 'vitest';
import { logIn } from '../conformance/client.ts';
import { PASSWORD } from '../conformance/people.ts';
import { startServer } from '../conformance/server.ts';
import { steadyPort } from '../support/ports.ts';
import { prepareDesk } from './support/desk.ts';
import { messageIn, say } from './support/pages.ts';

/** A picture of one pixel. */
const PNG = [
  ...Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
    'base64',
  ),
];

/** Chosen before the shop listens: the server needs the origin for CORS. */
const port = await steadyPort();
const shop = `http://localhost:${port}`;
const desk = prepareDesk(() => startServer({ CORS_ORIGINS: shop }));

/** Serves a page with the widget, and the script with which the page sets the user's token. */
async function openShop(server: string, token: string): Promise<AsyncDisposable> {
  const socket = server.replace('http', 'ws');
  const policy = `default-src 'none'; script-src 'self' ${server}; connect-src ${server} ${socket}; img-src ${server}`;
  const page = `<!doctype html><html lang="en"><head><title>A shop</title><script src="${server}/widget.js" async></script>
    </head><body><h1>A shop</h1><deskwire-chat></deskwire-chat><script src="/page.js"></script></body></html>`;
  const script = `customElements.whenDefined('deskwire-chat').then(() => {
    document.querySelector('deskwire-chat').token = ${JSON.stringify(token)};
  });`;
  const listener = createServer(({ url }, answer) => {
    if (url === '/page.js') answer.setHeader('content-type', 'text/javascript').end(script);
    else if (url !== '/') answer.writeHead(204).end();
    else answer.setHeader('content-type', 'text/html').setHeader('content-security-policy', policy).end(page);
  });
  listener.listen(port, 'localhost');
  await once(listener, 'listening');
  return {
    async [Symbol.asyncDispose]() {
      listener.closeAllConnections();
      listener.close();
      await once(listener, 'close');
    },
  };
}

test('a customer opens a conversation in a shop, and an agent answers from the console', async () => {
  const { token } = await logIn(desk.url, 'driver@example.com', PASSWORD);
  await using _shop = await openShop(desk.url, token);
  await using customer = await desk.devices.device();
  await using agent = await desk.devices.signedIn(desk.url, 'agent');
  const { page } = customer;
  await page.goto(shop);
  await page.getByRole('button', { name: 'Open support chat' }).click();
  await page.getByLabel('How can we help?').fill('Where is my parcel?');
  await page.getByRole('button', { name: 'Start' }).click();

  await agent.page.getByRole('link', { name: 'Where is my parcel?' }).click();
  await say(agent.page, 'On its way to you');
  await page.getByText('On its way to you').first().waitFor();
  await page.getByRole('textbox', { name: 'Write a message' }).fill('Wonderful');
  await page.getByRole('textbox', { name: 'Write a message' }).press('Enter');
  await messageIn(agent.page, 'Wonderful').waitFor();
  expect(await page.locator('h1').textContent()).toBe('A shop');
});

test('what a customer writes stays over a reload and a closed ticket; files are pasted; links are links', async () => {
  const { token, call } = await logIn(desk.url, 'driver2@example.com', PASSWORD);
  const agent = await logIn(desk.url, 'agent@example.com', PASSWORD);
  await using _shop = await openShop(desk.url, token);
  await using customer = await desk.devices.device({ locale: 'en-GB' });
  const { page } = customer;
  const show = async () => {
    await page.goto(shop);
    await page.getByRole('button', { name: 'Open support chat' }).click();
  };
  await show();
  await page.getByLabel('How can we help?').fill('It is brok');
  await page.getByRole('status').getByText('Connected').waitFor();
  await show();
  const describe = page.getByLabel('How can we help?');
  await expect.poll(() => describe.inputValue()).toBe('It is brok');
  await describe.fill('It is broken');
  await page.getByRole('button', { name: 'Start' }).click();
  const field = page.getByRole('textbox', { name: 'Write a message' });
  await field.fill('See https://example.com/help, please');
  await field.press('Enter');
  const link = page.getByRole('link', { name: 'https://example.com/help' });
  await expect.poll(() => link.getAttribute('href')).toBe('https://example.com/help');
  expect(await link.getAttribute('rel')).toContain('noopener');

  await field.fill('Not sent yet');
  await field.evaluate((element, bytes) => {
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array(bytes)], 'broken.png', { type: 'image/png' }));
    element.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
  }, PNG);
  await page.getByRole('button', { name: 'Remove: broken.png' }).waitFor();
  await page.locator('.files progress').waitFor({ state: 'detached' });
  await show();
  await page.getByRole('button', { name: /It is broken/ }).click();
  await expect.poll(() => field.inputValue()).toBe('Not sent yet');
  await page.getByRole('button', { name: 'Remove: broken.png' }).waitFor();

  const { items } = await call('GET', '/api/v1/tickets?q=broken', 200);
  const [{ id = '' } = {}] = items as { id?: string }[];
  await agent.call('PATCH', `/api/v1/tickets/${id}`, 200, { status: 'closed' });
  await page.getByText('This conversation is closed').waitFor();
  expect(await field.inputValue()).toBe('Not sent yet');
  expect(await field.getAttribute('readonly')).not.toBeNull();
  await field.press('Enter');
  await page.getByRole('button', { name: 'Discard' }).click();
  await field.waitFor({ state: 'hidden' });
  const { messages } = await call('GET', `/api/tickets/${id}/chat`, 200);
  const written = (messages as { messageType: string; message: string }[]).filter((one) => one.messageType === 'TEXT');
  expect(written.map(({ message }) => message)).toEqual(['See https://example.com/help, please']);
});
