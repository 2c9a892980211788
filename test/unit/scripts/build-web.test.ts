/** What browsers load: that it stays small, is built once from the same sources, and works where Node runs it, too. */

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { buildWeb } from '../../../scripts/build-web.ts';
import { sizes } from '../../../scripts/size.ts';

describe('what browsers load', () => {
  it('is small: the library with socket.io-client 25 kB gzipped, the widget 35', async () => {
    const all = await sizes();
    expect(all.map(({ file }) => file)).toEqual(expect.arrayContaining(['client/index.js', 'widget/widget.js']));
    for (const { file, size, limit } of all) expect(size, file).toBeLessThan(limit);
  });

  it('is not built again from the sources that it was built from', async () => {
    await buildWeb();
    expect(await buildWeb()).toEqual([]);
  });

  it('has a library that Node takes as it is', async () => {
    await buildWeb();
    const built = await import(pathToFileURL(join(import.meta.dirname, '../../../dist/client/index.js')).href);
    expect(Object.keys(built).sort()).toEqual([
      'DeskwireError',
      'createClient',
      'memoryStorage',
      'resume',
      'signIn',
      'webStorage',
    ]);
  });
});
