import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { layerViolations } from '../../../scripts/layers.ts';

async function sources(files: Record<string, string>): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'deskwire-layers-'));
  onTestFinished(() => rm(root, { recursive: true }));
  for (const [file, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, file)), { recursive: true });
    await writeFile(join(root, file), text);
  }
  return root;
}

describe('the layering check', () => {
  it('finds nothing wrong with our own sources', async () => {
    expect(await layerViolations(join(import.meta.dirname, '../../../src'))).toEqual([]);
  });

  it('lets outer folders import inner ones, and everything the composition root', async () => {
    const root = await sources({
      'api/routes.ts': "import { Pool } from 'pg';\nimport type { Event } from '../domain/event.ts';",
      'domain/ticket/decider.ts': "import { event } from '../event.ts';",
      'server.ts': "import { routes } from './api/routes.ts';",
      'client/a.ts':
        "import type { Status } from '../domain/ticket/events.ts';\nimport { io } from 'socket.io-client';",
    });
    expect(await layerViolations(root)).toEqual([]);
  });

  it.each([
    ['domain/a.ts', "import { readFile } from 'node:fs';", 'node:fs'],
    ['domain/a.ts', "import type { Pool } from 'pg';", 'pg'],
    ['domain/a.ts', "type Pool = import('pg').Pool;", 'pg'],
    ['domain/a.ts', "export async function f() {\n  await using x = y;\n  return import('node:fs');\n}", 'node:fs'],
    ['domain/ticket/a.ts', "export * from '../../eventlog/reader.ts';", '../../eventlog/reader.ts'],
    ['eventlog/a.ts', "export { x } from '../api/x.ts';", '../api/x.ts'],
    ['gateway/a.ts', "import { connect } from 'nats';", 'nats'],
    ['actors/a.ts', "import { start } from '../server.ts';", '../server.ts'],
    ['client/a.ts', "import { STATUSES } from '../domain/ticket/events.ts';", '../domain/ticket/events.ts'],
    ['gateway/a.ts', "import { io } from 'socket.io-client';", 'socket.io-client'],
    ['unheard-of/a.ts', "import 'pg';", 'pg'],
  ])('refuses %s with %s', async (file, text, specifier) => {
    const violations = await layerViolations(await sources({ [file]: text }));
    expect(violations).toEqual([expect.stringContaining(`src/${file} imports ${specifier}: `)]);
  });
});
