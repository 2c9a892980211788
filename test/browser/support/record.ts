/** Everything that the pages of a device are sent: bodies of answers, and frames of sockets. */
import type { BrowserContext, Page, Response } from 'playwright-core';

export interface Recording {
  /** As one text. Waits for the bodies of what was answered so far. */
  everything(): Promise<string>;
}

/** For a device on which nothing was opened yet. */
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

/** Redirections have no body, and those of a page that was left are gone. */
async function bodyOf(response: Response): Promise<string> {
  return response.text().catch(() => '');
}
