/** `npm run size`: prints the gzipped size of each file that pages load, and its limit. Fails if one is above it. */
import { readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { paths } from '../src/support/paths.ts';
import { buildWeb } from './build-web.ts';

/** Kilobytes after `gzip -9`. The library includes socket.io-client; the page of the console, all files it names. */
export const LIMITS: Readonly<Record<string, number>> = {
  'client/index.js': 25,
  'widget/widget.js': 37,
  'console/index.html': 150,
};

export interface Size {
  readonly file: string;
  /** In thousands of bytes. */
  readonly size: number;
  readonly limit: number;
}

/** The bytes of a file; of a page, with the scripts and styles that it loads before it shows anything. */
async function sizeWithParts(file: string): Promise<number> {
  const { size } = await stat(join(paths.web, `${file}.gz`));
  if (!file.endsWith('.html')) return size;
  const page = await readFile(join(paths.web, file), 'utf8');
  const parts = [...page.matchAll(/(?:src|href)="\/(assets\/[^"]+)"/g)].map(([, part = '']) => part);
  const sizes = await Promise.all(
    parts.map(async (part) => (await stat(join(paths.web, dirname(file), `${part}.gz`))).size),
  );
  return sizes.reduce((sum, one) => sum + one, size);
}

export async function sizes(): Promise<Size[]> {
  await buildWeb();
  return Promise.all(
    Object.entries(LIMITS).map(async ([file, limit]) => {
      return { file, size: (await sizeWithParts(file)) / 1_000, limit };
    }),
  );
}

if (import.meta.main) {
  for (const { file, size, limit } of await sizes()) {
    process.stdout.write(`${file}: ${size.toFixed(1)} kB gzipped, of ${limit} kB\n`);
    if (size > limit) process.exitCode = 1;
  }
}
