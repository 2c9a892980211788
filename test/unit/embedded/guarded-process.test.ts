import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { startGuarded } from '../../../src/embedded/guarded-process.ts';
import { openLogFile } from '../../../src/embedded/log-file.ts';
import { processesNaming } from '../../support/server-process.ts';
import { until } from '../../support/until.ts';

vi.mock('../../../src/embedded/log-file.ts', async (actual) => {
  const { openLogFile: open } = await actual<typeof import('../../../src/embedded/log-file.ts')>();
  return { openLogFile: vi.fn(open) };
});

async function guarded(script: string) {
  const folder = await mkdtemp(join(tmpdir(), 'deskwire-guard-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const logFile = join(folder, 'log');
  const args = ['-c', script, folder];
  const guardedProcess = await startGuarded({ command: '/bin/sh', args, stopSignal: 'TERM', logFile });
  return { guardedProcess, folder, log: () => readFile(logFile, 'utf8') };
}

describe('a guarded process', () => {
  it('reports how it ended', async () => {
    const { guardedProcess, log } = await guarded('echo out of luck; exit 3');
    expect(await guardedProcess.exited).toBe('exit code 3');
    expect(guardedProcess.running).toBe(false);
    expect(await log()).toBe('out of luck\n');
  });

  it('reports an end that came while its log file was being closed', async () => {
    const { openLogFile: open } = await vi.importActual<typeof import('../../../src/embedded/log-file.ts')>(
      '../../../src/embedded/log-file.ts',
    );
    const folder = await mkdtemp(join(tmpdir(), 'deskwire-guard-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    vi.mocked(openLogFile).mockImplementationOnce(async (file) => {
      const log = await open(file);
      const close = log.close.bind(log);
      log.close = async () => {
        await until(async () => (await processesNaming(folder)).length === 0, 'the process to be gone');
        // The event of its end comes before the close resolves.
        await new Promise(setImmediate);
        await close();
      };
      return log;
    });
    const args = ['-c', 'exit 3', folder];
    const logFile = join(folder, 'log');
    const guardedProcess = await startGuarded({ command: '/bin/sh', args, stopSignal: 'TERM', logFile });
    expect(await guardedProcess.exited).toBe('exit code 3');
    expect(guardedProcess.running).toBe(false);
  });

  it('is stopped with its own signal, and has time to finish', async () => {
    const { guardedProcess, log, folder } = await guarded(
      'trap "echo tidying; sleep 0.2; echo tidy; exit 0" TERM; echo up; while :; do sleep 0.05; done',
    );
    await until(async () => (await log()).includes('up'), 'it to be up');
    await guardedProcess.stop();
    expect(await log()).toBe('up\ntidying\ntidy\n');
    await until(async () => (await processesNaming(folder)).length === 0, 'all of it to be gone');
  });

  it('is killed when it does not stop in time', async () => {
    const { guardedProcess, log, folder } = await guarded('trap "" TERM; echo up; while :; do sleep 0.05; done');
    await until(async () => (await log()).includes('up'), 'it to be up');
    await guardedProcess.stop(100);
    expect(await guardedProcess.exited).toBe('signal SIGKILL');
    await until(async () => (await processesNaming(folder)).length === 0, 'all of it to be gone');
  });

  it('survives signals to its group that are meant for the terminal', async () => {
    const { guardedProcess, log } = await guarded('trap : INT; echo up; while :; do sleep 0.05; done');
    await until(async () => (await log()).includes('up'), 'it to be up');
    process.kill(-guardedProcess.group, 'SIGINT');
    process.kill(guardedProcess.group, 'SIGHUP');
    expect(guardedProcess.running).toBe(true);
    await guardedProcess.stop();
  });
});
