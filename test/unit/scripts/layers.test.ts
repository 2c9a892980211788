import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { cruise } from 'dependency-cruiser';
import extractTsConfig from 'dependency-cruiser/config-utl/extract-ts-config';
import { describe, expect, it, onTestFinished } from 'vitest';
import config from '../../../.dependency-cruiser.ts';

/** Returns a line for each violation that `npm run layers` finds in a tree of these files and no others. */
async function violationsIn(files: Record<string, string>): Promise<string[]> {
  const baseDir = await mkdtemp(join(tmpdir(), 'deskwire-layers-'));
  onTestFinished(() => rm(baseDir, { recursive: true }));
  for (const [file, text] of Object.entries({ ...packages, ...files })) {
    await mkdir(dirname(join(baseDir, file)), { recursive: true });
    await writeFile(join(baseDir, file), text);
  }
  const { forbidden, options } = config;
  const { output } = await cruise(
    ['src'],
    { ...options, baseDir, ruleSet: { forbidden }, validate: true },
    { ...options.enhancedResolveOptions },
    { tsConfig: extractTsConfig(options.tsConfig.fileName) },
  );
  if (typeof output === 'string') throw new Error(`dependency-cruiser printed instead of answering: ${output}`);
  return output.summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}`).sort();
}

const packages = {
  'package.json': '{ "dependencies": { "nats": "1.0.0", "pg": "1.0.0" } }',
  'node_modules/nats/package.json': '{ "name": "nats", "main": "index.js" }',
  'node_modules/nats/index.js': '',
  'node_modules/pg/package.json': '{ "name": "pg", "main": "index.js" }',
  'node_modules/pg/index.js': '',
};

const empty = 'export {};';

describe('the rules of npm run layers', () => {
  it('let outer folders import inner ones, and the composition root all of them', async () => {
    const files = {
      'src/api/routes.ts': "import type { Event } from '../domain/event.ts';\nimport { Pool } from 'pg';",
      'src/domain/event.ts': "export type { Id } from './id.ts';",
      'src/domain/id.ts': empty,
      'src/client/client.ts': "import type { Event } from '../domain/event.ts';",
      'src/broker/connection.ts': "import { connect } from 'nats';",
      'src/runtime/edge.ts': "import { routes } from '../api/routes.ts';\nimport '../broker/connection.ts';",
      'src/main.ts': "import './runtime/edge.ts';",
    };
    expect(await violationsIn(files)).toEqual([]);
  });

  it.each([
    ['a package', 'src/domain/a.ts', "import type { Pool } from 'pg';", 'pure-domain'],
    ['a module of Node', 'src/domain/a.ts', "import { readFile } from 'node:fs';", 'pure-domain'],
    ['the type of a package', 'src/domain/a.ts', "type Pool = import('pg').Pool;", 'pure-domain'],
    ['an outer folder', 'src/domain/a.ts', "import { x } from '../eventlog/x.ts';", 'layer-domain'],
    ['the types of an outer folder', 'src/eventlog/a.ts', "import type { x } from '../broker/x.ts';", 'layer-eventlog'],
    ['an export of an outer folder', 'src/eventlog/a.ts', "export * from '../broker/x.ts';", 'layer-eventlog'],
    ['the composition root', 'src/api/a.ts', "import { x } from '../runtime/x.ts';", 'layer-api'],
    ['a part of a folder', 'src/actors/a.ts', "import { x } from '../cluster/presence.ts';", 'layer-actors'],
    ['values of the server', 'src/client/a.ts', "import { x } from '../domain/x.ts';", 'layer-client-types'],
    ['another part of the gateway', 'src/gateway/dialects/a.ts', "import '../inbox/x.ts';", 'dialects-declare-ports'],
    ['a model', 'src/projections/engine/a.ts', "import '../models/x.ts';", 'projections-engine'],
    ['a hidden package', 'src/gateway/a.ts', "import { connect } from 'nats';", 'hidden-nats'],
    ['anything from a new folder', 'src/unheard-of/a.ts', "import 'pg';", 'known-folder'],
    ['a missing file', 'src/api/a.ts', "import './missing.ts';", 'resolvable'],
  ])('refuse %s', async (_, file, text, rule) => {
    const targets = {
      'src/eventlog/x.ts': empty,
      'src/broker/x.ts': empty,
      'src/runtime/x.ts': empty,
      'src/cluster/presence.ts': empty,
      'src/domain/x.ts': empty,
      'src/gateway/inbox/x.ts': empty,
      'src/projections/models/x.ts': empty,
    };
    const violations = await violationsIn({ ...targets, [file]: text });
    expect(violations).toEqual([expect.stringMatching(new RegExp(`^${rule}: ${file} → `))]);
  });

  it('read on after `await using`, and into functions', async () => {
    const text = [
      'export async function f(open: () => AsyncDisposable): Promise<unknown> {',
      '  await using opened = open();',
      "  return [opened, await import('nats')];",
      '}',
      "export { x } from '../eventlog/x.ts';",
    ].join('\n');
    expect(await violationsIn({ 'src/domain/a.ts': text, 'src/eventlog/x.ts': empty })).toEqual([
      'hidden-nats: src/domain/a.ts → node_modules/nats/index.js',
      'layer-domain: src/domain/a.ts → src/eventlog/x.ts',
      'pure-domain: src/domain/a.ts → node_modules/nats/index.js',
    ]);
  });

  it('refuse circles of folders that only types close', async () => {
    const files = {
      'src/domain/ticket/a.ts': "import type { B } from '../user/b.ts';\nexport type A = B;",
      'src/domain/user/b.ts': "export type B = 1;\nexport * from './c.ts';",
      'src/domain/user/c.ts': "import type { D } from '../ticket/d.ts';",
      'src/domain/ticket/d.ts': 'export type D = 1;',
    };
    expect(await violationsIn(files)).toEqual([
      'no-folder-circle: src/domain/ticket → src/domain/user',
      'no-folder-circle: src/domain/user → src/domain/ticket',
    ]);
  });

  it('refuse circles of files that load each other, and not those that only types close', async () => {
    const files = {
      'src/domain/a.ts': "import { b } from './b.ts';",
      'src/domain/b.ts': "import { a } from './a.ts';",
      'src/domain/c.ts': "import { d } from './d.ts';",
      'src/domain/d.ts': "import type { c } from './c.ts';",
    };
    const violations = await violationsIn(files);
    expect(violations).toHaveLength(1);
    expect(violations[0]).toMatch(/^no-file-circle: src\/domain\/(a|b)\.ts → src\/domain\/(a|b)\.ts$/);
  });
});
