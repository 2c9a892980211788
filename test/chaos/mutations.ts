/**
 * Mutations: ways to break the system on purpose. Each changes a few lines in a copy of `src/`, found by their exact
 * text, and names the faults that expose the change. They prove that the checker finds real defects.
 */
import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface Mutation {
  readonly name: string;
  readonly edits: readonly Edit[];
  /** The kinds of faults to inject, each as often as it is named. */
  readonly faults: readonly string[];
}

interface Edit {
  /** A path relative to the folder with `src/`. */
  readonly file: string;
  /** A text that the file contains exactly once. */
  readonly find: string;
  readonly replace: string;
}

/** Every node runs the commands that it receives, so each has its own actors, and their states become stale. */
const NO_PLACEMENT: Edit = {
  file: 'src/cluster/node-view.ts',
  find: 'if (others.length === 0) return undefined;',
  replace: 'if (others.length >= 0) return undefined;',
};

export const MUTATIONS: readonly Mutation[] = [
  {
    name: 'publish without the fence, two relays at a time',
    edits: [
      {
        file: 'src/broker/publisher.ts',
        find: "added.set('Nats-Expected-Last-Sequence', String(event.position - 1));",
        replace: '',
      },
      { file: 'src/broker/relay.ts', find: "if (await held.tryLock('relay')) await", replace: 'await' },
    ],
    faults: ['kill nats-server', 'kill a node'],
  },
  {
    name: 'join before the replay ends',
    edits: [
      {
        file: 'src/gateway/delivery/join-replay.ts',
        find: "if (recent === undefined) return { do: 'read', after: at };",
        replace: "if (recent === undefined) return { do: 'join', events: missed };",
      },
    ],
    faults: ['kill a node', 'kill a node', 'kill a worker'],
  },
  {
    name: 'deliver what comes instead of reading a gap',
    edits: [
      {
        file: 'src/gateway/delivery/sequencer.ts',
        find: 'if (cursor !== undefined && version <= cursor) return;',
        replace:
          'if (cursor !== undefined && version <= cursor) return; if (cursor !== undefined) return advance(event, version);',
      },
    ],
    faults: ['cut a node from its nats', 'kill nats-server', 'kill nats-server', 'cut a node from its nats'],
  },
  {
    name: 'move the checkpoint before the rows are written, outside of their transaction',
    edits: [
      {
        file: 'src/projections/engine/checkpoints.ts',
        find: '  const rows = await query(\n',
        replace: `  if (serving) {
    await query('mutant_move', MOVE_SERVING, [projection.name, projection.version, generation, move.from, move.to, move.ids ?? null]);
    await new Promise((resolve) => setTimeout(resolve, 30));
    values[3] = move.to;
    values[5] = null;
  }
  const rows = await query(
`,
      },
    ],
    faults: ['kill a projector', 'kill a projector', 'kill Postgres', 'kill a projector', 'kill Postgres'],
  },
  {
    name: 'forget the idempotency key',
    edits: [
      {
        file: 'src/application/application.ts',
        find: 'key ?? application.newId()}`,',
        replace: 'application.newId()}`,',
      },
    ],
    faults: ['stop a node for long', 'stop a node for long', 'cut a node from its clients', 'stop a worker for long'],
  },
  {
    name: 'refuse on a stale state',
    edits: [
      NO_PLACEMENT,
      {
        file: 'src/actors/actor.ts',
        find: 'if (pass.decided.some(mustBeCertain)) {',
        replace: 'if (pass.decided.length === 0) {',
      },
    ],
    faults: ['kill a worker', 'cut a node from its clients'],
  },
  {
    name: 'acknowledge before the log has it',
    edits: [
      {
        file: 'src/eventlog/appender.ts',
        find: '    const { rows } = await client.query<AppendRow>({',
        replace:
          "    await client.query('set synchronous_commit = off');\n    const { rows } = await client.query<AppendRow>({",
      },
    ],
    faults: ['kill Postgres', 'kill Postgres', 'kill Postgres'],
  },
  {
    name: 'tell requesters versions that count internal notes',
    edits: [
      {
        file: 'src/gateway/delivery/live-stream.ts',
        find: "if (kind === 'room') return event;",
        replace: "if (kind === 'room' || view === 'public') return event;",
      },
      {
        file: 'src/application/messages.ts',
        find: "if (view === 'staff') return record(",
        replace: "if (view === 'staff' || view === 'public') return record(",
      },
    ],
    faults: ['kill a node'],
  },
];

/** Copies the system below `directory` and changes the copy. Rejects unless each text is found exactly once. */
export async function mutatedCopy(root: string, directory: string, { edits }: Mutation): Promise<string> {
  await mkdir(directory, { recursive: true });
  for (const part of ['src', 'migrations', 'package.json']) {
    await cp(join(root, part), join(directory, part), { recursive: true });
  }
  await symlink(join(root, 'node_modules'), join(directory, 'node_modules'));
  for (const { file, find, replace } of edits) {
    const path = join(directory, file);
    const text = await readFile(path, 'utf8');
    const times = text.split(find).length - 1;
    if (times !== 1) throw new Error(`${file} has the text to be changed ${times} times: ${find}`);
    await writeFile(
      path,
      text.replace(find, () => replace),
    );
  }
  return directory;
}
