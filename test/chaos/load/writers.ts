/**
 * The writing clients of a run. Each sends one command at a time with short pauses, over REST or a socket, in tickets
 * and rooms. None of their commands may be refused, because everything that a command requires was acknowledged before.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Socket } from 'socket.io-client';
import { textOf } from '../checker/recorded.ts';
import type { ChaosNode } from '../node.ts';
import type { Random } from '../random.ts';
import { type Desk, type Person, type Reply, viewOfPerson, type WorkedTicket } from './desk.ts';
import { ask } from './rest.ts';
import { askSocket, connected, openSocket } from './wire.ts';

export const ROOM = 'lobby';
export const CONFIGURED_ROOM = 'door';
/** The number of tickets in work at a time. */
const WORKED_ON = 5;
/** Commands in a ticket after which a new ticket replaces it; few enough to be replayed. */
const ENOUGH = 200;

export interface WriterOptions {
  /** Milliseconds between two commands of one writer: at least, and at most. */
  readonly pause: readonly [number, number];
  /** Called when a ticket comes into work. */
  onOpened(ticket: WorkedTicket): void;
  /** Called when a ticket is no longer in work. */
  onLeft(ticket: WorkedTicket): void;
}

/** Resolves when every writer has its last answer, some time after `desk.closing`. */
export async function write(desk: Desk, options: WriterOptions): Promise<void> {
  const { driver, admin, agent } = desk.people;
  const work = (step: (random: Random) => Promise<unknown>) => repeat(desk, options, desk.random.fork(), step);
  const worked = () => [...desk.tickets.values()];

  const replaceFullTickets = async () => {
    const full = worked().find(({ commands }) => commands >= ENOUGH);
    if (full !== undefined) leave(full);
    if (desk.tickets.size < WORKED_ON) await open();
  };
  const opening = repeat(desk, options, desk.random.fork(), replaceFullTickets, true);
  const posting = [driver, agent, admin].map((by) => work((random) => post(by, random.pick(worked()), false)));
  const noting = work((random) => post(agent, random.pick(worked()), true));

  function leave(ticket: WorkedTicket): void {
    desk.tickets.delete(ticket.id);
    options.onLeft(ticket);
  }

  async function open(): Promise<void> {
    const reply = await desk.submit({ kind: 'open', by: driver }, (key, node) =>
      ask(node, driver, key, { method: 'POST', path: '/api/v1/tickets', body: { description: textOf(key) } }),
    );
    if (reply?.outcome !== 'acknowledged' || reply.id === undefined) return;
    const ticket = { id: reply.id, acknowledged: { staff: 1, public: 1 }, commands: 0 };
    desk.tickets.set(ticket.id, ticket);
    options.onOpened(ticket);
  }

  async function post(by: Person, ticket: WorkedTicket, internal: boolean): Promise<void> {
    const kind = internal ? 'note' : 'post';
    const reply = await desk.submit({ kind, by, stream: `ticket.${ticket.id}` }, (key, node) =>
      ask(node, by, key, {
        method: 'POST',
        path: `/api/tickets/${ticket.id}/chat`,
        body: { message: textOf(key), ...(internal && { internal }) },
      }),
    );
    if (reply?.outcome === 'refused') leave(ticket);
  }

  await Promise.all([opening, ...posting, noting, ...clerkWriters(desk, work), ...socketWriters(desk, options)]);
}

/** Writers of commands without a text. They send one command at a time, so that the last one of a ticket decides. */
function clerkWriters(
  desk: Desk,
  work: (step: (random: Random) => Promise<unknown>) => Promise<void>,
): Promise<void>[] {
  const { clerk, admin, agent } = desk.people;
  const worked = () => [...desk.tickets.values()];
  return [
    work(async (random) => {
      const ticket: WorkedTicket = random.pick(worked());
      // Always another assignee: a command that changes nothing records no event, so its late repetition could not be
      // recognised.
      const assignee = ticket.assignee === agent.id ? admin : agent;
      const path = `/api/v1/tickets/${ticket.id}/assignee`;
      const request = { kind: 'assign', by: clerk, stream: `ticket.${ticket.id}`, value: assignee.id } as const;
      await desk.submit(request, (key, node) =>
        ask(node, clerk, key, { method: 'PUT', path, body: { userId: assignee.id } }),
      );
      ticket.assignee = assignee.id;
    }),
    work(async (random) => {
      const ticket = random.pick(worked());
      const upTo = ticket.acknowledged[viewOfPerson(clerk)];
      const path = `/api/v1/tickets/${ticket.id}/read`;
      const request = { kind: 'read', by: clerk, stream: `ticket.${ticket.id}`, value: upTo } as const;
      await desk.submit(request, (key, node) => ask(node, clerk, key, { method: 'POST', path, body: { upTo } }));
      if (random.next() < 0.3) {
        const [kind, use] = random.pick([['clear', 'read-all'] as const, ['see', 'seen'] as const]);
        await desk.submit({ kind, by: clerk, stream: `user.${clerk.id}` }, (key, node) =>
          ask(node, clerk, key, { method: 'POST', path: `/api/v1/notifications/${use}`, body: {} }),
        );
      }
    }),
  ];
}

function socketWriters(desk: Desk, options: WriterOptions): Promise<void>[] {
  const { driver, admin, agent } = desk.people;
  const writers = [
    openSocketWriter(desk, agent),
    openSocketWriter(desk, driver),
    openSocketWriter(desk, driver),
  ] as const;
  const [chat, lobby, door] = writers;
  const work = (writer: SocketWriter, step: (random: Random) => Promise<unknown>) =>
    repeat(desk, options, desk.random.fork(), step).finally(writer.close);

  async function say(writer: SocketWriter, by: Person, room: string): Promise<void> {
    await desk.submit({ kind: 'say', by, stream: `room.${room}` }, (key, node) =>
      writer.ask(node, 'roomMessage', { room, message: textOf(key), clientMessageId: key }),
    );
  }

  async function configure(isPrivate: boolean): Promise<void> {
    const body = { private: isPrivate, members: [admin.id] };
    await desk.submit({ kind: 'configure', by: admin, stream: `room.${CONFIGURED_ROOM}` }, (key, node) =>
      ask(node, admin, key, { method: 'PUT', path: `/api/v1/rooms/${CONFIGURED_ROOM}`, body }),
    );
  }

  return [
    work(chat, async (random) => {
      const { id } = random.pick([...desk.tickets.values()]);
      await desk.submit({ kind: 'post', by: agent, stream: `ticket.${id}` }, (key, node) =>
        chat.ask(node, 'send_message', { ticketId: id, message: textOf(key), clientMessageId: key }),
      );
    }),
    work(lobby, () => say(lobby, driver, ROOM)),
    // A user who was admitted to the room may post, on every node.
    work(door, async () => {
      await configure(true);
      await configure(false);
      await say(door, driver, CONFIGURED_ROOM);
    }),
  ];
}

/** A socket that is opened again after each failure, to the node that is asked. */
interface SocketWriter {
  ask(node: ChaosNode, name: string, payload: object): Promise<Reply>;
  close(): void;
}

function openSocketWriter(desk: Desk, by: Person): SocketWriter {
  let socket: Socket | undefined;
  /** The node of the current connection, or of the last one when that failed. */
  let at: ChaosNode | undefined;
  const close = () => {
    socket?.disconnect();
    socket = undefined;
  };
  return {
    async ask(node, name, payload) {
      try {
        if (!socket?.connected) {
          close();
          at = node === at ? desk.anyNode(at) : node;
          socket = openSocket(at, by);
          await connected(socket);
        }
        const answer = await askSocket(socket, name, payload);
        if (answer.success) return { outcome: 'acknowledged', version: answer.version };
        const { type, message } = answer.error;
        if (type === 'unavailable' || type === 'rate_limited') throw new Error(message);
        return { outcome: 'refused', detail: `${name}: ${type} ${message}` };
      } catch (error) {
        close();
        throw error;
      }
    },
    close,
  };
}

/** Repeats a step until the desk closes. While there is no ticket, only the step that opens one (`alone`) runs. */
async function repeat(
  desk: Desk,
  { pause }: WriterOptions,
  random: Random,
  step: (random: Random) => Promise<unknown>,
  alone = false,
): Promise<void> {
  while (!desk.closing) {
    if (alone || desk.tickets.size > 0) await step(random);
    await sleep(random.between(...pause));
  }
}
