/**
 * Starts an embedded nats-server with JetStream, on a free port of the loopback interface, with a folder of its own. It
 * stores a copy of the event log: if the folder is lost, the relay backfills it.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { StartFailure } from '../support/start-failure.ts';
import { freePort } from './free-port.ts';
import { type GuardedProcess, startGuarded } from './guarded-process.ts';
import { lastLines } from './log-file.ts';
import { endOrphan } from './orphan.ts';
import type { RunningServer } from './postgres.ts';

const user = 'deskwire';

export interface NatsServerOptions {
  /** The nats-server to run. */
  readonly program: string;
  /** Absolute path of the folder for configuration and store. */
  readonly directory: string;
  readonly logFile: string;
  /** Undefined admits every user of this host; for tests. */
  readonly password: string | undefined;
  /** A free port when absent. */
  readonly port?: number;
}

export async function startNatsServer(options: NatsServerOptions): Promise<RunningServer> {
  const { directory, logFile, password } = options;
  const configuration = join(directory, 'nats-server.conf');
  const pidFile = join(directory, 'nats-server.pid');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await endOrphan(pidFile, configuration, 'SIGTERM');
  const deadline = Date.now() + 20_000;
  for (;;) {
    const port = options.port ?? (await freePort());
    await writeFile(configuration, render({ directory, pidFile, port, password }), { mode: 0o600 });
    const server = await startGuarded({
      command: options.program,
      args: ['-c', configuration],
      stopSignal: 'TERM',
      logFile,
    });
    if (await ready(server, port, deadline)) {
      return { url: natsUrl(port, password), process: server };
    }
    await server.stop();
    const log = await lastLines(logFile);
    if (!log.includes('address already in use') || Date.now() > deadline) {
      throw new StartFailure(`nats-server did not start (${await server.exited}); see ${logFile}:\n${log}`);
    }
    await sleep(100);
  }
}

/** URL of an embedded server. */
export function natsUrl(port: number, password: string | undefined): string {
  const credentials = password === undefined ? '' : `${user}:${password}@`;
  return `nats://${credentials}127.0.0.1:${port}`;
}

/** Resolves with the first line that a NATS server sends (`INFO {…}`). Rejects when none comes within `timeoutMs`. */
export function natsGreeting(host: string, port: number, timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, timeout: timeoutMs });
    let text = '';
    socket.setEncoding('utf8');
    socket.on('data', (chunk) => {
      text += chunk;
      if (text.startsWith('INFO ')) resolve(text);
      else if (text.length >= 5) reject(new Error('what answers there is not a NATS server'));
      else return;
      socket.destroy();
    });
    socket.on('timeout', () => socket.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)));
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('the connection was closed without a greeting')));
  });
}

async function ready(server: GuardedProcess, port: number, deadline: number): Promise<boolean> {
  while (server.running && Date.now() < deadline) {
    try {
      await natsGreeting('127.0.0.1', port, 1_000);
      return server.running;
    } catch {
      await sleep(10);
    }
  }
  return false;
}

function render(options: { directory: string; pidFile: string; port: number; password: string | undefined }): string {
  const { directory, pidFile, port, password } = options;
  const lines = [
    `listen: "127.0.0.1:${port}"`,
    `pid_file: ${JSON.stringify(pidFile)}`,
    `jetstream: { store_dir: ${JSON.stringify(join(directory, 'store'))} }`,
  ];
  if (password !== undefined) lines.push(`authorization: { user: "${user}", password: "${password}" }`);
  return `${lines.join('\n')}\n`;
}
