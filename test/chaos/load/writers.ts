/**
 * People at work, each one command at a time and without a pause worth mentioning: over REST and over sockets, in tickets and
 * in rooms. Nothing that they ask for may be refused: what they rely on was acknowledged to them before.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Socket } from 'socket.io-client';
import { textOf } from '../checker/recorded.ts';
import type { ChaosNode } from '../node.ts';
import type { Random } from '../random.ts';
import type { Desk, Person, Reply, WorkedTicket } from './desk.ts';
import { ask } from './rest.ts';
import { askSocket, connected, openSocket } from './wire.ts';

export const ROOM = 'lobby';
export const DOOR = 'door';
/** Tickets that are worked on at a time. */
const WORKED_ON = 5;
/** Commands in a ticket after which another one is opened in its place: few enough to be replayed. */
const ENOUGH = 200;

export interface WriterOptions {
  /** Milliseconds between two commands of one writer: at least, and at most. */
  readonly pause: readonly [number, number];
  /** Told of a ticket that is to be worked on, and of one that no longer is. */
  onOpened(ticket: WorkedTicket): void;
  onLeft(ticket: WorkedTicket): void;
}

/** Resolves when every writer has its last answer, some time after `desk.closing`. */
export async function write(desk: Desk, options: WriterOptions): Promise<void> {
  const { driver, admin, agent } = desk.people;
  const pen = (step: (random: Random) => Promise<unknown>) => repeat(desk, options, desk.random.fork(), step);
  const worked = () => [...desk.tickets.values()];

  const openWhatIsMissing = async () => {
    const full = worked().find(({ commands }) => commands >= ENOUGH);
    if (full !== undefined) leave(full);
    if (desk.tickets.size < WORKED_ON) await open();
  };
  const opening = repeat(desk, options, desk.random.fork(), openWhatIsMissing, true);
  const posting = [driver, agent, admin].map((by) => pen((random) => post(by, random.pick(worked()), false)));
  const noting = pen((random) => post(agent, random.pick(worked()), true));

  function leave(ticket: WorkedTicket): void {
    desk.tickets.delete(ticket.id);
    options.onLeft(ticket);
  }

  async function open(): Promise<void> {
    const reply = await desk.insist({ kind: 'open', by: driver }, (key, node) =>
      ask(node, driver, key, { method: 'POST', path: '/api/v1/tickets', body: { description: textOf(key) } }),
    );
    if (reply?.outcome !== 'acknowledged' || reply.id === undefined) return;
    const ticket = { id: reply.id, version: 1, commands: 0 };
    desk.tickets.set(ticket.id, ticket);
    options.onOpened(ticket);
  }

  async function post(by: Person, ticket: WorkedTicket, internal: boolean): Promise<void> {
    const kind = internal ? 'note' : 'post';
    const reply = await desk.insist({ kind, by, stream: `ticket.${ticket.id}` }, (key, node) =>
      ask(node, by, key, {
        method: 'POST',
        path: `/api/tickets/${ticket.id}/chat`,
        body: { message: textOf(key), ...(internal && { internal }) },
      }),
    );
    if (reply?.outcome === 'refused') leave(ticket);
  }

  await Promise.all([opening, ...posting, noting, ...clerks(desk, pen), ...socketWriters(desk, options)]);
}

/** Those whose commands have no text: one at a time for each ticket, so that the last one counts. */
function clerks(desk: Desk, pen: (step: (random: Random) => Promise<unknown>) => Promise<void>): Promise<void>[] {
  const { clerk, admin, agent } = desk.people;
  const worked = () => [...desk.tickets.values()];
  return [
    pen(async (random) => {
      const ticket: WorkedTicket = random.pick(worked());
      // Never to whom it is given already: what changes nothing leaves no trace by which a late repetition is known.
      const assignee = ticket.assignee === agent.id ? admin : agent;
      const path = `/api/v1/tickets/${ticket.id}/assignee`;
      const wish = { kind: 'assign', by: clerk, stream: `ticket.${ticket.id}`, value: assignee.id } as const;
      await desk.insist(wish, (key, node) =>
        ask(node, clerk, key, { method: 'PUT', path, body: { userId: assignee.id } }),
      );
      ticket.assignee = assignee.id;
    }),
    pen(async (random) => {
      const ticket = random.pick(worked());
      const upTo = ticket.version;
      const path = `/api/v1/tickets/${ticket.id}/read`;
      const wish = { kind: 'read', by: clerk, stream: `ticket.${ticket.id}`, value: upTo } as const;
      await desk.insist(wish, (key, node) => ask(node, clerk, key, { method: 'POST', path, body: { upTo } }));
      if (random.next() < 0.3) {
        const [kind, use] = random.pick([['clear', 'read-all'] as const, ['see', 'seen'] as const]);
        await desk.insist({ kind, by: clerk, stream: `user.${clerk.id}` }, (key, node) =>
          ask(node, clerk, key, { method: 'POST', path: `/api/v1/notifications/${use}`, body: {} }),
        );
      }
    }),
  ];
}

function socketWriters(desk: Desk, options: WriterOptions): Promise<void>[] {
  const { driver, admin, agent } = desk.people;
  const hands = [openHand(desk, agent), openHand(desk, driver), openHand(desk, driver)] as const;
  const [chat, lobby, door] = hands;
  const pen = (hand: Hand, step: (random: Random) => Promise<unknown>) =>
    repeat(desk, options, desk.random.fork(), step).finally(hand.close);

  async function say(hand: Hand, by: Person, room: string): Promise<void> {
    await desk.insist({ kind: 'say', by, stream: `room.${room}` }, (key, node) =>
      hand.ask(node, 'roomMessage', { room, message: textOf(key), clientMessageId: key }),
    );
  }

  async function configure(isPrivate: boolean): Promise<void> {
    const body = { private: isPrivate, members: [admin.id] };
    await desk.insist({ kind: 'configure', by: admin, stream: `room.${DOOR}` }, (key, node) =>
      ask(node, admin, key, { method: 'PUT', path: `/api/v1/rooms/${DOOR}`, body }),
    );
  }

  return [
    pen(chat, async (random) => {
      const { id } = random.pick([...desk.tickets.values()]);
      await desk.insist({ kind: 'post', by: agent, stream: `ticket.${id}` }, (key, node) =>
        chat.ask(node, 'send_message', { ticketId: id, message: textOf(key), clientMessageId: key }),
      );
    }),
    pen(lobby, () => say(lobby, driver, ROOM)),
    // Whoever was let in may speak, whichever node has to know.
    pen(door, async () => {
      await configure(true);
      await configure(false);
      await say(door, driver, DOOR);
    }),
  ];
}

/** A socket that is opened anew, to whichever node is asked, after each failure. */
interface Hand {
  ask(node: ChaosNode, name: string, payload: object): Promise<Reply>;
  close(): void;
}

function openHand(desk: Desk, by: Person): Hand {
  let socket: Socket | undefined;
  /** Where its connection is, or was when that failed. */
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

/** Until the desk closes; while there is no ticket, only whoever opens one has something to do. */
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
