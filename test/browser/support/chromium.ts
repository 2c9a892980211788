/** A real Chromium: `CHROMIUM`, or Debian's. The tests cannot run without one, so its absence is an error. */
import { access, constants } from 'node:fs/promises';
import { type Browser, chromium } from 'playwright-core';

const DEBIAN = '/usr/bin/chromium';

/** No traffic that leaves the machine, no screen, and no sandbox. */
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
