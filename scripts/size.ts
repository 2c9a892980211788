/** `npm run size`: how much each script is that pages load, gzipped, and what it may be. Fails when one is more. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { buildWeb } from './build-web.ts';

/** Bytes after `gzip -9`, in thousands. The library is with socket.io-client. */
export const LIMITS: Readonly<Record<string, number>> = {
  'client/index.js': 25,
  'widget/widget.js': 35,
};

export interface Size {
  readonly file: string;
  /** In thousands of bytes. */
  readonly size: number;
  readonly limit: number;
}

export async function sizes(): Promise<Size[]> {
  await buildWeb();
  return Promise.all(
    Object.entries(LIMITS).map(async ([file, limit]) => {
      const { size } = await stat(join(import.meta.dirname, '../dist', `${file}.gz`));
      return { file, size: size / 1_000, limit };
    }),
  );
}

if (import.meta.main) {
  for (const { file, size, limit } of await sizes()) {
    process.stdout.write(`${file}: ${size.toFixed(1)} kB gzipped, of ${limit} kB\n`);
    if (size > limit) process.exitCode = 1;
  }
}
