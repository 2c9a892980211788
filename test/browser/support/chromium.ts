/** A real Chromium: `CHROMIUM`, or Debian's. There is no other way to run what needs one, so its absence is an error. */
import { access, constants } from 'node:fs/promises';
import { type Browser, chromium } from 'playwright-core';

const DEBIAN = '/usr/bin/chromium';

/** Nothing that leaves the machine, and nothing that needs a screen or a sandbox of its own. */
const ARGUMENTS = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
];

export async function launchChromium(): Promise<Browser & AsyncDisposable> {
  const executablePath = process.env.CHROMIUM || DEBIAN;
  try {
    await access(executablePath, constants.X_OK);
  } catch (cause) {
    throw new Error(
      `There is no browser at ${executablePath}: install Chromium (apt-get install chromium), or name one with CHROMIUM`,
      { cause },
    );
  }
  return chromium.launch({ executablePath, args: ARGUMENTS });
}
