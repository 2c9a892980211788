/**
 * Control of the sockets of all nodes: sends to them, lists them and ends them. All nodes are asked for their part at
 * the same time. For a node that is gone, the broker answers at once. A node that hangs delays the answer by the
 * time-out, and the answer lacks its part. Neither is an error. See docs/decisions/0027.
 */
import type { SocketControl } from '../../application/socket-control.ts';
import { type Broker, type Service, type Topic, UnansweredError } from '../../broker/port.ts';
import type { Presence } from '../../cluster/presence/presence.ts';
import type { Client } from '../../contract/sockets.ts';
import type { LocalControl } from './local-control.ts';

export interface ClusterControl extends SocketControl {
  /** Answers the requests of other nodes with the sockets of this process. Resolves when requests can arrive. */
  serve(local: LocalControl): Promise<void>;
  close(): Promise<void>;
}

interface ClusterControlDeps {
  readonly presence: Pick<Presence, 'self' | 'others' | 'users' | 'rooms'>;
  readonly requests: Broker['requests'];
  readonly takenNames: ReadonlySet<string>;
  readonly log: { info(details: object, message: string): void };
  /** Milliseconds to wait for the answer of a node. */
  readonly timeout?: number;
}

type Methods = { readonly [M in keyof LocalControl]: LocalControl[M] };
type Arguments<M extends keyof Methods> = Parameters<Methods[M]>;
type Answer<M extends keyof Methods> = NonNullable<Awaited<ReturnType<Methods[M]>>>;

/** A request from one node to another, as plain JSON: the name of a method and its arguments. */
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
    if (!Object.hasOwn(sockets, question.ask)) throw new Error('the request of another version is unknown here');
    return (sockets[question.ask] as (...given: readonly unknown[]) => unknown)(...question.with);
  }

  async function askNode(node: string, question: Question): Promise<unknown> {
    try {
      return await requests.ask(socketsOf(node), question, timeout);
    } catch (error) {
      if (!(error instanceof UnansweredError)) throw error;
      log.info({ node, reason: error.reason }, 'a node did not answer about its sockets');
      return undefined;
    }
  }

  /** The answers of this process, which needs no broker, and of each other node that answers. */
  async function gather<M extends keyof Methods>(ask: M, ...given: Arguments<M>): Promise<Answer<M>[]> {
    const question = { ask, with: given };
    const own = local === undefined ? [] : [answer(local, question)];
    const answers = await Promise.all([...own, ...presence.others.map((node) => askNode(node, question))]);
    return answers.filter(isAnswer<M>);
  }

  /** The first answer that has a value. Does not wait for other nodes after it. */
  async function find<M extends keyof Methods>(ask: M, ...given: Arguments<M>): Promise<Answer<M> | undefined> {
    const question = { ask, with: given };
    const own = local && (await answer(local, question));
    if (isAnswer<M>(own)) return own;
    const others = presence.others.map(async (node) => {
      const answered = await askNode(node, question);
      if (isAnswer<M>(answered)) return answered;
      throw new Error('not found on this node');
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
      // A page with more clients after it says nothing about ids after its end, so the merged page must end there.
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

/** JSON carries `undefined`, the answer of a node that does not have the socket, as null. */
function isAnswer<M extends keyof Methods>(answered: unknown): answered is Answer<M> {
  return answered !== undefined && answered !== null;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

function byId(one: Client, other: Client): number {
  return one.clientId < other.clientId ? -1 : 1;
}

/** The subject of one node. Its id is new at each start, so a node never receives requests for an earlier process. */
function socketsOf(node: string): Topic {
  return ['sockets', node];
}
