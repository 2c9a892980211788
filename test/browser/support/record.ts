/** Records everything that the pages of a device receive: bodies of answers, and frames of sockets. */
import type { BrowserContext, Page, Response } from 'playwright-core';

export interface Recording {
  /** The recording as one text. Waits for the bodies of the answers so far. */
  everything(): Promise<string>;
}

/** For a device on which no page was opened yet. */
export function record(context: BrowserContext): Recording {
  const parts: Promise<string>[] = [];
  const listen = (page: Page) =>
    page.on('websocket', (socket) =>
      socket.on('framereceived', ({ payload }) => parts.push(Promise.resolve(payload.toString()))),
    );
  context.on('response', (response) => parts.push(bodyOf(response)));
  context.on('page', listen);
  for (const page of context.pages()) listen(page);
  return { everything: async () => (await Promise.all(parts)).join('\n') };
}

/** Redirects have no body, and the bodies of a page that was left are gone. */
async function bodyOf(response: Response): Promise<string> {
  return response.text().catch(() => '');
}
