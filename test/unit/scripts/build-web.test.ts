/** The web bundles are small, are built once from the same sources, and the library also runs in Node. */

import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'vite';
import { describe, expect, it } from 'vitest';
import { buildWeb, targets } from '../../../scripts/build-web.ts';
import { sizes } from '../../../scripts/size.ts';
import { paths } from '../../../src/support/paths.ts';

const root = join(import.meta.dirname, '../../..');

describe('what browsers load', () => {
  it('is small: the library with socket.io-client 25 kB gzipped, the widget 37', async () => {
    const all = await sizes();
    expect(all.map(({ file }) => file)).toEqual(expect.arrayContaining(['client/index.js', 'widget/widget.js']));
    for (const { file, size, limit } of all) expect(size, file).toBeLessThan(limit);
  });

  it('is not built again from the sources that it was built from', async () => {
    await buildWeb();
    expect(await buildWeb()).toEqual([]);
  });

  it.each(targets)('is built again when a module of $name changes', async ({ sources, config }) => {
    const options = { ...config.build, write: false };
    const built = await build({ configFile: false, logLevel: 'silent', ...config, build: options });
    const chunks = [built].flat().flatMap((one) => ('output' in one ? one.output : []));
    const modules = chunks.flatMap((chunk) => (chunk.type === 'chunk' ? chunk.moduleIds : []));
    const own = modules.map((id) => relative(root, id)).filter((id) => /^(src|console|widget)\//.test(id));
    expect(own.length).toBeGreaterThan(1);
    expect(own.filter((id) => !sources.some((source) => id === source || id.startsWith(`${source}/`)))).toEqual([]);
  });

  it('has a library that Node takes as it is', async () => {
    await buildWeb();
    const built = await import(pathToFileURL(join(paths.web, 'client', 'index.js')).href);
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
