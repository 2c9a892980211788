/**
 * Tests ten thousand messages and five thousand tickets. Asserted are the facts that hold on any machine: a page holds
 * only the visible rows, and it stays live. Figures that depend on the machine are printed: tasks longer than 50 ms
 * while everything is scrolled through (Long Tasks), and key presses answered after more than 200 ms (Event Timing;
 * these count as dropped interactions).
 */
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { openLog, type UnrecordedEvent } from '../../bench/support/log.ts';
import { streamOf } from '../../src/domain/event.ts';
import type { Actor } from '../../src/domain/user/identity.ts';
import { startServer } from '../conformance/server.ts';
import { createDatabase } from '../support/services.ts';
import { prepareDesk } from './support/desk.ts';
import { composerOf, messageIn, openTicket, say } from './support/pages.ts';

const MESSAGES = 10_000;
const TICKETS = 5_000;
/** The largest number of rows of a conversation or list that may be in the page. */
const AT_ONCE = 100;
const LONG = randomUUID();

const driver: Actor = { id: '1', name: 'john_driver', role: 'driver' };
const agent: Actor = { id: '4', name: 'agent', role: 'agent' };

const desk = prepareDesk(async () => {
  await using parts = new AsyncDisposableStack();
  const database = parts.use(await createDatabase());
  {
    await using log = await openLog(database.url);
    await log.append(everything());
  }
  await takeNumbers(database.url);
  const { url } = parts.use(await startServer({ DATABASE_URL: database.url }));
  const owned = parts.move();
  return { url, [Symbol.asyncDispose]: () => owned.disposeAsync() };
});

/** Continues the ticket numbers after those of the tickets above. */
async function takeNumbers(databaseUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query('update deskwire.ticket_numbers set last = $1', [TICKETS]);
  } finally {
    await client.end();
  }
}

function* everything(): Generator<UnrecordedEvent> {
  yield opened(LONG, TICKETS, 'The longest conversation of all');
  for (let number = 1; number <= MESSAGES; number += 1) yield message(number);
  for (let number = 1; number < TICKETS; number += 1) yield opened(randomUUID(), number, `Ticket ${number} of many`);
}

function opened(id: string, number: number, description: string): UnrecordedEvent {
  const common = {
    requesterId: driver.id,
    requesterName: driver.name,
    category: 'general',
    priority: 'medium',
  } as const;
  const data = { number, description, tags: [], ...common };
  return { stream: streamOf('ticket', id), event: { type: 'TicketOpened', data }, by: driver };
}

function message(number: number): UnrecordedEvent {
  const text = `Message ${number}. ${'It takes a line or two. '.repeat(number % 7)}`;
  const data = {
    messageId: randomUUID(),
    message: text,
    messageType: 'TEXT',
    attachments: [],
    internal: false,
  } as const;
  return {
    stream: streamOf('ticket', LONG),
    event: { type: 'MessagePosted', data },
    by: number % 3 === 0 ? agent : driver,
  };
}

test('ten thousand messages scroll, and only the visible ones are in the page', async () => {
  await using device = await desk.devices.signedIn(desk.url, 'agent');
  const { page } = device;
  await page.goto(`${desk.url}/tickets/${LONG}`);
  await messageIn(page, `Message ${MESSAGES}.`).waitFor();
  const pace = await watchPace(page);
  await page.locator('.log').focus();
  let most = 0;
  const first = messageIn(page, 'Message 1.');
  while ((await first.count()) === 0) {
    await page.keyboard.press('PageUp');
    await page.locator('.log').evaluate((log) => log.scrollBy(0, -6_000));
    most = Math.max(most, await page.locator('.log .row-place').count());
  }
  await pace.tell(`scrolling through ${MESSAGES} messages`);
  expect(most).toBeLessThan(AT_ONCE);

  await page.locator('.to-newest').click();
  await messageIn(page, `Message ${MESSAGES}.`).waitFor();
  const answering = await watchPace(page);
  await composerOf(page).pressSequentially('And one more');
  await composerOf(page).press('Enter');
  await messageIn(page, 'And one more').waitFor();
  await answering.tell(`answering with ${MESSAGES} messages loaded`);
});

test('a list of five thousand tickets stays live', async () => {
  await using device = await desk.devices.signedIn(desk.url, 'agent');
  await using other = await desk.devices.signedIn(desk.url, 'driver');
  const { page } = device;
  const list = page.locator('.rows');
  let most = 0;
  const pace = await watchPace(page);
  await page.locator('a.ticket-row').first().focus();
  while ((await page.locator(`.row-place[aria-setsize="${TICKETS}"]`).count()) === 0) {
    await list.evaluate((rows) => rows.scrollTo(0, rows.scrollHeight));
    await page.keyboard.press('ArrowUp');
    most = Math.max(most, await page.locator('.rows .row-place').count());
  }
  await pace.tell(`scrolling through ${TICKETS} tickets`);
  expect(most).toBeLessThan(AT_ONCE);

  await list.evaluate((rows) => rows.scrollTo(0, 0));
  const changing = await watchPace(page);
  await openTicket(other.page, 'The newest of all');
  const row = page.getByRole('link', { name: 'The newest of all' });
  await row.waitFor();
  await say(other.page, 'And something about it');
  await row.getByText('1 unread message').waitFor();
  await row.focus();
  for (let presses = 0; presses < 20; presses += 1) await page.keyboard.press('ArrowDown');
  await page
    .locator(`.row-place[aria-setsize="${TICKETS + 1}"]`)
    .first()
    .waitFor();
  await changing.tell(`changes in a list of ${TICKETS} tickets`);
});

interface Pace {
  tell(what: string): Promise<void>;
}

interface Watched {
  readonly longTasks: number[];
  readonly interactions: Map<number, number>;
}

/** Measures the page from now on. */
async function watchPace(page: Page): Promise<Pace> {
  await page.evaluate(() => {
    const longTasks: number[] = [];
    const interactions = new Map<number, number>();
    new PerformanceObserver((list) => {
      longTasks.push(...list.getEntries().map(({ duration }) => duration));
    }).observe({ type: 'longtask' });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as (PerformanceEventTiming & { interactionId: number })[]) {
        if (entry.interactionId === 0) continue;
        interactions.set(entry.interactionId, Math.max(entry.duration, interactions.get(entry.interactionId) ?? 0));
      }
    }).observe({ type: 'event', durationThreshold: 16 } as PerformanceObserverInit);
    Object.assign(window, { watched: { longTasks, interactions } });
  });
  return {
    async tell(what) {
      const { tasks, longest, dropped, slowest } = await page.evaluate(() => {
        const { longTasks, interactions } = (window as unknown as { watched: Watched }).watched;
        const durations = [...interactions.values()];
        return {
          tasks: longTasks.length,
          longest: Math.round(Math.max(0, ...longTasks)),
          dropped: durations.filter((duration) => duration > 200).length,
          slowest: Math.round(Math.max(0, ...durations)),
        };
      });
      process.stdout.write(
        `${what}: ${dropped} interactions over 200 ms (slowest ${slowest}), ${tasks} tasks over 50 ms (longest ${longest})\n`,
      );
    },
  };
}
