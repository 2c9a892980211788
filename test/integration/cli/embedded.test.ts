import { describe, expect, it } from 'vitest';
import { launchServer } from '../../support/server-process.ts';
import { createDataDir } from '../start/data-dir.ts';
import { commandsOn } from './command.ts';

describe('the deskwire command', () => {
  it('works on the services that a running server has started on its DATA_DIR', async () => {
    await using dataDir = await createDataDir();
    const deskwire = commandsOn({ DATA_DIR: dataDir.path });
    await using server = launchServer({ DATA_DIR: dataDir.path });
    await server.ready;
    const findings = await deskwire.json(['doctor']);
    expect(findings[0].finding).toContain(dataDir.path);
    expect(findings.filter((one: { grade: string }) => one.grade === 'error')).toEqual([]);
    expect((await deskwire.run('projections', 'rebuild', '--all')).code).toBe(0);
    expect((await deskwire.run('events', 'verify')).code).toBe(0);
    server.signal('SIGTERM');
    expect(await server.exited).toBe(0);
    expect(await deskwire.run('projections', 'list')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`no server is running on ${dataDir.path}`),
    });
  });
});
