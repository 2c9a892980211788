/**
 * A node in its own process, which a test can stop and kill. Run as a program, this file is the node and answers its
 * parent. Imported, it starts one.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { ActorKind, ActorKinds, CommandContext, RecordedCommand } from '../../../src/actors/actor-system.ts';
import { startNode, type TestNodeOptions } from './node.ts';

type Question =
  | { readonly ask: 'nodes' | 'ran' }
  | {
      readonly ask: 'record';
      readonly kind: ActorKind;
      readonly id: string;
      readonly command: ActorKinds[ActorKind]['command'];
      readonly context: CommandContext;
    };

export interface NodeProcess extends AsyncDisposable {
  readonly id: string;
  signal(signal: NodeJS.Signals): void;
  readonly exited: Promise<unknown>;
  nodes(): Promise<readonly string[]>;
  /** The ids of the commands that ran there. */
  ran(): Promise<readonly string[]>;
  record<K extends ActorKind>(
    kind: K,
    id: string,
    command: ActorKinds[K]['command'],
    context: CommandContext,
  ): Promise<RecordedCommand>;
}

export async function launchNode(options: TestNodeOptions & { readonly id: string }): Promise<NodeProcess> {
  const child = fork(import.meta.filename, [JSON.stringify(options)], { execArgv: [] });
  const exited = once(child, 'exit');
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  let asked = 0;
  child.on('message', ({ number, answer }: { number: number; answer: unknown }) =>
    waiting.get(number)?.resolve(answer),
  );
  const ask = async (question: Question | { readonly ask: 'ready' }) => {
    asked += 1;
    const answered = Promise.withResolvers<unknown>();
    waiting.set(asked, answered);
    child.send({ number: asked, question });
    return answered.promise;
  };
  await ask({ ask: 'ready' });
  return {
    id: options.id,
    signal: (signal) => child.kill(signal),
    exited,
    nodes: async () => (await ask({ ask: 'nodes' })) as string[],
    ran: async () => (await ask({ ask: 'ran' })) as string[],
    record: async (kind, id, command, context) =>
      (await ask({ ask: 'record', kind, id, command, context })) as RecordedCommand,
    async [Symbol.asyncDispose]() {
      await kill(child);
      await exited;
    },
  };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
}

if (import.meta.main) {
  const starting = startNode(JSON.parse(process.argv[2] ?? '{}'));
  process.on('message', async ({ number, question }: { number: number; question: Question }) => {
    const node = await starting;
    const answer = () => {
      switch (question.ask) {
        case 'record':
          return node.actors.record(question.kind, question.id, question.command, question.context);
        case 'nodes':
          return node.view.nodes;
        case 'ran':
          return node.ran;
      }
    };
    process.send?.({ number, answer: await answer() });
  });
  process.once('disconnect', () => process.exit());
}
