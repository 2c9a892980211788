/**
 * The sockets of all processes, for those who send to them, list them or end them: each process is asked for its part,
 * all at the same time. One that is gone costs a round trip, since the broker knows; one that hangs costs the patience
 * and its part of the answer, never an error. See docs/decisions/0027.
 */
import type { SocketControl } from '../../application/socket-control.ts';
import { type Broker, type Service, type Topic, UnansweredError } from '../../broker/port.ts';
import type { Presence } from '../../cluster/presence/presence.ts';
import type { Client } from '../../contract/sockets.ts';
import type { LocalControl } from './local-control.ts';

export interface ClusterControl extends SocketControl {
  /** Answers what other processes ask of this one's sockets, from when this resolves. */
  serve(local: LocalControl): Promise<void>;
  close(): Promise<void>;
}

interface ClusterControlDeps {
  readonly presence: Pick<Presence, 'self' | 'others' | 'users' | 'rooms'>;
  readonly requests: Broker['requests'];
  readonly takenNames: ReadonlySet<string>;
  readonly log: { info(details: object, message: string): void };
  /** Milliseconds. */
  readonly timeout?: number;
}

type Methods = { readonly [M in keyof LocalControl]: LocalControl[M] };
type Arguments<M extends keyof Methods> = Parameters<Methods[M]>;
type Answer<M extends keyof Methods> = NonNullable<Awaited<ReturnType<Methods[M]>>>;

/** What one process asks another: plain JSON. */
interface Question {
  readonly ask: keyof Methods;
  readonly with: readonly unknown[];
}

export function createClusterControl({
  presence,
  requests,
  takenNames,
  log,
  timeout = 2_000,
}: ClusterControlDeps): ClusterControl {
  let local: LocalControl | undefined;
  let service: Service | undefined;

  async function answer(sockets: LocalControl, question: Question): Promise<unknown> {
    if (!Object.hasOwn(sockets, question.ask)) throw new Error('another version asks what this one does not know');
    return (sockets[question.ask] as (...given: readonly unknown[]) => unknown)(...question.with);
  }

  async function askNode(node: string, question: Question): Promise<unknown> {
    try {
      return await requests.ask(socketsOf(node), question, timeout);
    } catch (error) {
      if (!(error instanceof UnansweredError)) throw error;
      log.info({ node, reason: error.reason }, 'a process did not answer about its sockets');
      return undefined;
    }
  }

  /** What this process answers, which needs no broker for it, and what each other one does that answers. */
  async function gather<M extends keyof Methods>(ask: M, ...given: Arguments<M>): Promise<Answer<M>[]> {
    const question = { ask, with: given };
    const own = local === undefined ? [] : [answer(local, question)];
    const answers = await Promise.all([...own, ...presence.others.map((node) => askNode(node, question))]);
    return answers.filter(isAnswer<M>);
  }

  /** The answer of the one process that has it: once that is known, nobody waits for the others. */
  async function find<M extends keyof Methods>(ask: M, ...given: Arguments<M>): Promise<Answer<M> | undefined> {
    const question = { ask, with: given };
    const own = local && (await answer(local, question));
    if (isAnswer<M>(own)) return own;
    const others = presence.others.map(async (node) => {
      const answered = await askNode(node, question);
      if (isAnswer<M>(answered)) return answered;
      throw new Error('it is not there');
    });
    return Promise.any(others).catch(() => undefined);
  }

  return {
    takenNames,
    async send(target, event, ...exclude) {
      const sending = [target, event, ...exclude] as const;
      return 'client' in target ? find('send', ...sending) : sum(await gather('send', ...sending));
    },
    async disconnect(target) {
      return 'client' in target ? find('disconnect', target) : sum(await gather('disconnect', target));
    },
    async status() {
      const summaries = await gather('summary');
      return {
        connections: sum(summaries.map(({ connections }) => connections)),
        users: presence.users,
        rooms: presence.rooms,
        nodes: summaries.length,
        uptime: Math.max(0, ...summaries.map(({ uptime }) => uptime)),
      };
    },
    async clients(range) {
      const pages = await gather('clients', range);
      // Beyond the end of a page that has more after it, something may be missing.
      const ends = pages.flatMap(({ clients, more }) => (more ? (clients.at(-1)?.clientId ?? []) : [])).sort();
      const known = pages.flatMap(({ clients }) => clients).sort(byId);
      const sure = known.filter(({ clientId }) => clientId <= (ends[0] ?? clientId));
      const clients = sure.slice(0, range.limit);
      return { clients, more: clients.length < known.length || ends.length > 0 };
    },
    client: (socketId) => find('client', socketId),
    async clientsOf(userId) {
      return (await gather('clientsOf', userId)).flat().sort(byId);
    },
    async serve(sockets) {
      local = sockets;
      service = requests.serve(socketsOf(presence.self), (question) => answer(sockets, question as Question));
      await service.ready;
    },
    async close() {
      await service?.close();
    },
  };
}

/** What is not there crosses as null. */
function isAnswer<M extends keyof Methods>(answered: unknown): answered is Answer<M> {
  return answered !== undefined && answered !== null;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

function byId(one: Client, other: Client): number {
  return one.clientId < other.clientId ? -1 : 1;
}

/** The subject of one process: a new one never gets what was meant for the one before. */
function socketsOf(node: string): Topic {
  return ['sockets', node];
}
