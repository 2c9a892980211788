/**
 * Pages of the console, operated through their visible texts. A problem in any open page (an uncaught error, a
 * violation of the page's security policy) fails the running test.
 */
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import type { Person } from '../../conformance/people.ts';
import { PASSWORD } from '../../conformance/people.ts';
import { launchChromium } from './chromium.ts';

export interface Device extends AsyncDisposable {
  readonly context: BrowserContext;
  readonly page: Page;
}

export interface DeviceOptions extends BrowserContextOptions {
  readonly theme?: 'light' | 'dark';
  readonly language?: 'en' | 'ar';
}

export interface Devices extends AsyncDisposable {
  readonly browser: Browser;
  /** A new browser context: for pages, a browser of its own. */
  device(options?: DeviceOptions): Promise<Device>;
  /** A device on which this user is signed in to the console. */
  signedIn(url: string, who: Person, options?: DeviceOptions): Promise<Device>;
  /** The problems in pages since the last call. */
  takeProblems(): string[];
}

/** Console messages about an unreachable server are not the page's fault. */
const EXPECTED = /Failed to load resource|WebSocket connection to|net::ERR_/;

export async function openDevices(): Promise<Devices> {
  const browser = await launchChromium();
  const problems: string[] = [];

  function watch(page: Page): void {
    page.on('pageerror', (error) => problems.push(`${page.url()}: ${error.stack ?? error.message}`));
    page.on('console', (message) => {
      if (message.type() === 'error' && !EXPECTED.test(message.text())) {
        problems.push(`${page.url()}: ${message.text()}`);
      }
    });
  }

  async function device({ theme = 'light', language = 'en', ...options }: DeviceOptions = {}): Promise<Device> {
    const context = await browser.newContext({
      colorScheme: theme,
      locale: language,
      reducedMotion: 'reduce',
      viewport: { width: 1280, height: 900 },
      ...options,
    });
    context.on('page', watch);
    const page = await context.newPage();
    return { context, page, [Symbol.asyncDispose]: () => context.close() };
  }

  return {
    browser,
    device,
    async signedIn(url, who, options) {
      const opened = await device(options);
      await signIn(opened.page, url, who);
      return opened;
    },
    takeProblems: () => problems.splice(0),
    [Symbol.asyncDispose]: () => browser.close(),
  };
}

export async function signIn(page: Page, url: string, who: Person): Promise<void> {
  await page.goto(url);
  await page.locator('input[name=email]').fill(`${who}@example.com`);
  await page.locator('input[name=password]').fill(PASSWORD);
  await page.locator('.sign-in button[type=submit]').click();
  await page.locator('.connection.live').waitFor();
}

/** Opens a ticket through the form. Returns the path of its conversation. */
export async function openTicket(page: Page, description: string): Promise<string> {
  await page.getByRole('link', { name: 'New ticket' }).click();
  await page.getByLabel('What is it about?').fill(description);
  await page.getByRole('button', { name: 'Open ticket' }).click();
  await page.waitForURL(/\/tickets\/[0-9a-f-]{36}$/);
  await composerOf(page).waitFor();
  return new URL(page.url()).pathname;
}

export function composerOf(page: Page) {
  return page.locator('.composer-text');
}

export async function say(page: Page, text: string): Promise<void> {
  await composerOf(page).fill(text);
  await composerOf(page).press('Enter');
}

/** A message in the conversation, of any user. */
export function messageIn(page: Page, text: string) {
  return page.locator('.message').filter({ hasText: text });
}

/** The visible messages in their order, without pending ones. */
export async function saidIn(page: Page): Promise<string[]> {
  return page.locator('.message:not(.is-pending) .message-text').allTextContents();
}
