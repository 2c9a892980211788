/** The examples do what they say, against the server as `npm start` starts it; the pages among them can be built. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { buildWeb } from '../../../scripts/build-web.ts';
import { createClient, signIn } from '../../../src/client/index.ts';
import { PASSWORD } from '../../conformance/people.ts';
import { type StartedServer, startServer } from '../../conformance/server.ts';
import { until } from '../../support/until.ts';

const examples = join(import.meta.dirname, '../../../examples');
let server: StartedServer;

beforeAll(async () => {
  await buildWeb();
  server = await startServer();
});

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

interface Running extends AsyncDisposable {
  readonly process: ChildProcess;
  /** Everything that it printed. */
  readonly printed: () => string;
  /** Resolves with its exit code. */
  readonly ended: Promise<number | null>;
}

function run(name: string): Running {
  const child = spawn(process.execPath, [join(examples, name)], { env: { ...process.env, DESKWIRE_URL: server.url } });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
    });
  }
  const ended = once(child, 'exit').then(([code]) => code as number | null);
  return {
    process: child,
    printed: () => printed,
    ended,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

it.each([
  [
    'seed-a.mjs',
    [
      'admin heard support:ticket:created',
      'driver heard support:ticket:updated',
      'driver heard support:ticket:resolved',
    ],
  ],
  [
    'seed-b.mjs',
    [
      'driver finds 0 messages',
      'agent sees john_driver typing',
      'agent reads "Where do I go today?"',
      '"To Central Station"',
    ],
  ],
  [
    'seed-c.mjs',
    [
      'driver hears from 4',
      'the service reached 2',
      'driver is notified',
      'agent is notified',
      'driver, back, hears from 4',
    ],
  ],
  ['seed-d.mjs', ['bell: New Message', 'ticket: ', 'writes "Please update it"', 'left']],
])('%s', async (name, said) => {
  await using example = run(name);
  expect(await example.ended, example.printed()).toBe(0);
  for (const text of said) expect(example.printed()).toContain(text);
});

it('bot.mjs', async () => {
  await using bot = run('bot.mjs');
  await until(() => bot.printed().includes('is listening'), 'the bot to listen');
  const { token } = await signIn({ url: server.url, email: 'driver@example.com', password: PASSWORD });
  const client = createClient({ url: server.url, token });
  try {
    const { id } = await client.tickets.open({ description: 'Is anybody there?' });
    const ticket = client.ticket(id);
    const says = (text: string) => ticket.state.messages.some(({ message }) => message.startsWith(text));
    await until(() => says('Hello!'), 'the bot to greet');
    await ticket.post('What is the status?');
    await until(() => says('Your ticket is open.'), 'the bot to answer');
  } finally {
    client.close();
  }
  bot.process.kill('SIGINT');
  expect(await bot.ended).toBe(0);
});

describe('pages', () => {
  it('can be built', async () => {
    const outDir = await mkdtemp(join(inject('services').directory, 'examples-'));
    try {
      await build({
        configFile: join(examples, 'vite.config.ts'),
        logLevel: 'error',
        build: { outDir, emptyOutDir: true },
      });
      const pages = (await readdir(outDir, { recursive: true })).filter((file) => file.endsWith('.html'));
      expect(pages.sort()).toEqual(['index.html', 'plain/index.html', 'react/index.html', 'widget/index.html']);
    } finally {
      await rm(outDir, { recursive: true, force: true });
    }
  });
});
