/**
 * The state that all clients of a run share: users, nodes, the tickets in work, and the record of every command. A
 * client repeats a command until it is answered, each time under the same key and on a node chosen at random.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Stream } from '../../../src/domain/event.ts';
import type { View } from '../../../src/domain/ticket/public-view.ts';
import type { Command, CommandKind } from '../history.ts';
import type { ChaosNode } from '../node.ts';
import type { Random } from '../random.ts';

export interface Person {
  readonly id: string;
  readonly staff: boolean;
  readonly token: string;
}

/** The numbering of a ticket's versions in answers to this person, and in what this person receives. */
export function viewOfPerson({ staff }: Pick<Person, 'staff'>): View {
  return staff ? 'staff' : 'public';
}

export interface People {
  readonly driver: Person;
  readonly admin: Person;
  readonly clerk: Person;
  readonly agent: Person;
}

/** A ticket in work. */
export interface WorkedTicket {
  readonly id: string;
  /** The highest version of an acknowledged message in each numbering, which every follower must receive. */
  readonly acknowledged: Record<View, number>;
  /** The number of messages that were acknowledged since the ticket was opened. */
  commands: number;
  /** The user to whom the ticket was last assigned. */
  assignee?: string;
}

export type Reply =
  | { readonly outcome: 'acknowledged'; readonly version?: number; readonly id?: string }
  | { readonly outcome: 'refused'; readonly detail: string };

export interface CommandRequest {
  readonly kind: CommandKind;
  readonly by: Person;
  readonly stream?: Stream;
  readonly value?: string | number;
}

export interface Desk {
  readonly people: People;
  readonly nodes: readonly ChaosNode[];
  readonly random: Random;
  /** Milliseconds since the run began. */
  now(): number;
  /** The tickets in work, by id. */
  readonly tickets: Map<string, WorkedTicket>;
  /** The highest acknowledged version of each room. */
  readonly rooms: Map<string, number>;
  readonly commands: Command[];
  /** The times at which commands were acknowledged, in order. */
  readonly acknowledgements: number[];
  /**
   * For each first arrival of a message at a client: its time, and the milliseconds since it was acknowledged. An
   * arrival in a ticket counts when the version is in the numbering of the answer.
   */
  readonly deliveries: { readonly at: number; readonly lag: number }[];
  recordDelivery(viewer: Pick<Person, 'staff'>, stream: string, version: number): void;
  /** To be called when history was replaced, because versions then stand for other events. */
  historyReplaced(): void;
  /** Set when no new commands are to be sent. */
  closing: boolean;
  /** Chooses a node at random, other than the one that just did not answer. The chosen node may not answer either. */
  anyNode(except?: ChaosNode): ChaosNode;
  /**
   * Calls `perform` with changing nodes until it resolves with a reply. Resolves with undefined when there was none
   * within a minute. `perform` rejects when the node did not answer.
   */
  submit(
    request: CommandRequest,
    perform: (key: string, node: ChaosNode) => Promise<Reply>,
  ): Promise<Reply | undefined>;
}

/** Milliseconds that a client waits for one answer. */
export const ANSWER_TIMEOUT = 1_500;
/** Milliseconds after which a client gives up on a command; the checker then finds a command without an answer. */
const GIVE_UP_AFTER = 60_000;
/** The kinds of commands whose answer has the recorded version. Answers to other kinds have the ticket's version. */
const ANSWERED_WITH_VERSION: ReadonlySet<CommandKind> = new Set(['post', 'note', 'say']);
/** Milliseconds from one attempt to the next. */
const RETRY = 50;

export function createDesk(nodes: readonly ChaosNode[], people: People, random: Random): Desk {
  const began = performance.now();
  const now = () => performance.now() - began;
  /** The time at which a message was acknowledged, by `messageKey`. */
  const acknowledgedAt = new Map<string, number>();
  const messageKey = (person: Pick<Person, 'staff'>, stream: string, version: number) =>
    stream.startsWith('ticket.') ? `${stream} ${version} ${viewOfPerson(person)}` : `${stream} ${version}`;
  const desk: Desk = {
    people,
    nodes,
    random,
    now,
    tickets: new Map(),
    rooms: new Map(),
    commands: [],
    acknowledgements: [],
    deliveries: [],
    recordDelivery(viewer, stream, version) {
      const time = acknowledgedAt.get(messageKey(viewer, stream, version));
      if (time !== undefined) desk.deliveries.push({ at: now(), lag: now() - time });
    },
    historyReplaced() {
      acknowledgedAt.clear();
      desk.rooms.clear();
      for (const { acknowledged } of desk.tickets.values()) Object.assign(acknowledged, { staff: 1, public: 1 });
    },
    closing: false,
    anyNode: (except) => random.pick(nodes.filter((node) => node !== except)),
    async submit({ kind, by, stream, value }, perform) {
      const key = randomUUID();
      const command: Command = { key, kind, stream, by: by.id, attempts: [], ...(value !== undefined && { value }) };
      desk.commands.push(command);
      let node: ChaosNode | undefined;
      for (const first = now(); now() - first < GIVE_UP_AFTER; await sleep(RETRY)) {
        node = desk.anyNode(node);
        const at = now();
        const reply = await perform(key, node).catch((error: unknown) => ({
          outcome: 'unknown' as const,
          detail: error instanceof Error ? error.message : String(error),
        }));
        command.attempts.push({
          node: node.name,
          at,
          endedAt: now(),
          outcome: reply.outcome,
          ...('detail' in reply && { detail: reply.detail }),
        });
        if (reply.outcome === 'unknown') continue;
        if (reply.outcome === 'acknowledged') acknowledge(command, by, reply);
        return reply;
      }
      return undefined;
    },
  };

  function acknowledge(command: Command, by: Person, { version, id }: Reply & { outcome: 'acknowledged' }): void {
    desk.acknowledgements.push(now());
    if (command.kind === 'open' && id !== undefined) command.stream = `ticket.${id}`;
    if (version === undefined) return;
    if (!ANSWERED_WITH_VERSION.has(command.kind)) return;
    command.version = version;
    acknowledgedAt.set(messageKey(by, command.stream ?? '', version), now());
    if (command.kind === 'note') return;
    const [kind, name = ''] = command.stream?.split('.', 2) ?? [];
    const ticket = desk.tickets.get(name);
    if (kind === 'ticket' && ticket !== undefined) {
      const view = viewOfPerson(by);
      ticket.acknowledged[view] = Math.max(ticket.acknowledged[view], version);
      ticket.commands += 1;
    }
    if (kind === 'room') desk.rooms.set(name, Math.max(desk.rooms.get(name) ?? 0, version));
  }

  return desk;
}
