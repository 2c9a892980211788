import { expect, it } from 'vitest';
import { DEMO_USERS, seedDemo } from '../../../src/runtime/demo.ts';
import { startAuth, startNode } from './rig.ts';

it('the demo data is recorded once for any number of starts, and changes to it stay', async () => {
  await using node = await startNode();
  const auth = await startAuth(node);
  const credentials = auth.own?.credentials;
  await Promise.all([seedDemo({ actors: node.actors, credentials }), seedDemo({ actors: node.actors, credentials })]);
  const { position } = await node.reader.head();
  expect(position).toBe(DEMO_USERS.length + 4);

  const by = { id: '2', name: 'admin', role: 'admin', active: true } as const;
  const rename = { type: 'ChangeUser', name: 'jane_driver' } as const;
  await node.actors.execute('user', '1', rename, { commandId: 'rename', by, correlationId: 'rename' });
  await seedDemo({ actors: node.actors, credentials });
  expect((await node.reader.head()).position).toBe(position + 1);
  expect((await node.actors.read('user', '1')).state.name).toBe('jane_driver');
  await auth.close();
});
