/** Tests that every view is accessible, in both themes, on a phone, and in right-to-left languages. */
import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { prepareDesk } from './support/desk.ts';
import type { DeviceOptions } from './support/pages.ts';
import { tellStory } from './support/story.ts';
import { viewsOf } from './support/views.ts';

const desk = prepareDesk();
let ticketId = '';
beforeAll(async () => {
  ({ ticketId } = await tellStory(desk.url));
});

/** Opens each view in turn. */
async function inEach(options: DeviceOptions, look: (page: Page, name: string) => Promise<void>): Promise<void> {
  await using staff = await desk.devices.signedIn(desk.url, 'admin', options);
  await using requester = await desk.devices.signedIn(desk.url, 'driver', options);
  await using nobody = await desk.devices.device(options);
  const pages = { staff: staff.page, requester: requester.page, nobody: nobody.page };
  for (const { name, who, path, ready } of viewsOf(ticketId)) {
    const page = pages[who];
    await page.goto(desk.url + path);
    await page.locator(ready).first().waitFor({ state: 'attached' });
    await look(page, name);
  }
}

test.each(['light', 'dark'] as const)('every view is accessible in the %s theme', async (theme) => {
  const found: string[] = [];
  await inEach({ theme }, async (page, name) => {
    await page.evaluate(axe.source);
    const { violations } = await page.evaluate(async () => await (window as unknown as { axe: typeof axe }).axe.run());
    found.push(
      ...violations.flatMap(({ id, nodes }) =>
        nodes.map(({ target, failureSummary }) => `${name}: ${id} ${target} ${failureSummary}`),
      ),
    );
  });
  expect(found).toEqual([]);
});

const PHONE = { width: 360, height: 740 };

test.each([
  ['a phone', { viewport: PHONE }],
  ['a phone, from right to left', { viewport: PHONE, language: 'ar' }],
  ['a screen, from right to left', { language: 'ar' }],
] as const)('nothing extends beyond the sides on %s', async (_where, options) => {
  const out: string[] = [];
  await inEach(options, async (page, name) => {
    expect(await page.locator('html').getAttribute('dir')).toBe('language' in options ? 'rtl' : 'ltr');
    out.push(...(await page.evaluate(outOfSight)).map((element) => `${name}: ${element}`));
  });
  expect(out).toEqual([]);
});

/** In the page: elements that extend beyond a side of it, except those for screen readers only. */
function outOfSight(): string[] {
  const width = document.documentElement.clientWidth;
  const found = [...document.querySelectorAll('body *')].filter((element) => {
    const { left, right, width: own, height } = element.getBoundingClientRect();
    if (own === 0 || height === 0 || element.closest('.unseen, .skip, svg, option') !== null) return false;
    return left < -1 || right > width + 1;
  });
  const names = found.map((element) => `${element.tagName.toLowerCase()}.${element.getAttribute('class') ?? ''}`);
  if (document.documentElement.scrollWidth > width) names.push('the page scrolls');
  return names;
}
