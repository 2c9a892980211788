import { describe, expect, it } from 'vitest';
import { createLogger } from '../../src/telemetry/logging.ts';

function logged(log: (logger: ReturnType<typeof createLogger>) => void): string[] {
  const lines: string[] = [];
  log(createLogger('info', { write: (line) => lines.push(line) }));
  return lines;
}

describe('the log', () => {
  it('has one line of JSON for each thing, and none below its level', () => {
    const lines = logged((logger) => {
      logger.info({ userId: '1' }, 'connected');
      logger.debug('unseen');
    });
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ level: 'info', userId: '1', msg: 'connected' });
  });

  it('shows no tokens or passwords', () => {
    const [line] = logged((logger) =>
      logger.info({
        token: 's1',
        auth: { token: 's2' },
        req: { headers: { authorization: 'Bearer s3', cookie: 's4' }, body: { password: 's5', refresh_token: 's6' } },
        answer: { access_token: 's7' },
      }),
    );
    expect(line).not.toMatch(/s[1-7]"/);
    expect(line).not.toContain('Bearer');
  });

  it('says of an error what it is and where it comes from, not what a driver hung on it', () => {
    const cause = Object.assign(new Error('duplicate key'), {
      code: '23505',
      detail: 'Key (email)=(a@b) exists',
      client: {},
    });
    const [line] = logged((logger) => logger.warn({ err: new TypeError('failed', { cause }) }, 'no'));
    const { err } = JSON.parse(line ?? '');
    expect(err).toMatchObject({
      type: 'TypeError',
      message: 'failed',
      cause: { message: 'duplicate key', code: '23505' },
    });
    expect(err.stack).toContain('logging.test.ts');
    expect(Object.keys(err.cause).toSorted()).toEqual(['code', 'message', 'stack', 'type']);
  });
});
