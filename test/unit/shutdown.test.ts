import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { closeWithin, createShutdown } from '../../src/runtime/shutdown.ts';

const recording = () => {
  const lines: { left?: string[] }[] = [];
  return { lines, log: pino({}, { write: (line: string) => void lines.push(JSON.parse(line)) }) };
};
const serverOf = (shutdown: ReturnType<typeof createShutdown>) => ({
  get left() {
    return shutdown.left;
  },
  close: async () => shutdown[Symbol.asyncDispose](),
});

describe('a shutdown', () => {
  it('closes in the reverse order of making, each after the other', async () => {
    const closed: string[] = [];
    const shutdown = createShutdown();
    for (const name of ['log', 'actors', 'sockets']) {
      shutdown.defer(name, async () => {
        await Promise.resolve();
        closed.push(name);
      });
    }
    const { lines, log } = recording();
    expect(await closeWithin(serverOf(shutdown), 5_000, log)).toBe(true);
    expect(closed).toEqual(['sockets', 'actors', 'log']);
    expect(shutdown.left).toEqual([]);
    expect(lines).toEqual([]);
  });

  it('says what it left when its time is over', async () => {
    const shutdown = createShutdown();
    shutdown.defer('log', () => {});
    shutdown.defer('actors', () => new Promise(() => {}));
    shutdown.defer('sockets', () => {});
    const { lines, log } = recording();
    expect(await closeWithin(serverOf(shutdown), 20, log)).toBe(false);
    expect(lines[0]?.left).toEqual(['actors', 'log']);
  });

  it('closes the others when one fails', async () => {
    const closed: string[] = [];
    const shutdown = createShutdown();
    shutdown.defer('log', () => void closed.push('log'));
    shutdown.defer('actors', () => Promise.reject(new Error('expected')));
    await expect(closeWithin(serverOf(shutdown), 5_000, recording().log)).rejects.toThrow('expected');
    expect(closed).toEqual(['log']);
  });
});
