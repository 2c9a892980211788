/**
 * What all clients of a run share: who they are, where the nodes are, the tickets that are being worked on, and the record of
 * every command. A client asks until it is answered, each time under the same key, on whichever node it happens to find.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Stream } from '../../../src/domain/event.ts';
import type { Command, CommandKind } from '../history.ts';
import type { ChaosNode } from '../node.ts';
import type { Random } from '../random.ts';

export interface Person {
  readonly id: string;
  readonly staff: boolean;
  readonly token: string;
}

export interface People {
  readonly driver: Person;
  readonly admin: Person;
  readonly clerk: Person;
  readonly agent: Person;
}

/** A ticket that is being worked on. */
export interface WorkedTicket {
  readonly id: string;
  /** The highest version of a message that was acknowledged: everybody must come to know it. */
  version: number;
  /** Messages acknowledged since it was opened. */
  commands: number;
  /** Who it was last given to. */
  assignee?: string;
}

export type Reply =
  | { readonly outcome: 'acknowledged'; readonly version?: number; readonly id?: string }
  | { readonly outcome: 'refused'; readonly detail: string };

export interface Wish {
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
  /** Those that are worked on. */
  readonly tickets: Map<string, WorkedTicket>;
  /** The highest acknowledged version of each room. */
  readonly rooms: Map<string, number>;
  readonly commands: Command[];
  /** When commands were acknowledged, in order. */
  readonly acknowledgements: number[];
  /** Whenever a client heard of a message for the first time: how long that was after it was acknowledged. */
  readonly deliveries: { readonly at: number; readonly lag: number }[];
  heard(stream: string, version: number): void;
  /** History was replaced: versions mean something else from now on. */
  historyReplaced(): void;
  /** Set when nothing new is to be asked for. */
  closing: boolean;
  /** A node by chance: some do not answer, and clients do not know which; but for the one that just did not. */
  anyNode(except?: ChaosNode): ChaosNode;
  /** Asks until the answer is there; undefined when none came for a very long time. `perform` throws when it got none. */
  insist(wish: Wish, perform: (key: string, node: ChaosNode) => Promise<Reply>): Promise<Reply | undefined>;
}

/** Milliseconds that a client waits for one answer. */
export const ANSWER_PATIENCE = 1_500;
/** Milliseconds after which a client gives up for good, which no client should have to. */
const LAST_PATIENCE = 60_000;
/** The kinds whose answer tells the version that they recorded; that of others tells how far the ticket is. */
const TOLD: ReadonlySet<CommandKind> = new Set(['post', 'note', 'say']);
/** Milliseconds from one attempt to the next. */
const RETRY = 50;

export function createDesk(nodes: readonly ChaosNode[], people: People, random: Random): Desk {
  const began = performance.now();
  const now = () => performance.now() - began;
  /** When the message with this version was acknowledged. */
  const told = new Map<string, number>();
  const desk: Desk = {
    ...{ people, nodes, random, now },
    tickets: new Map(),
    rooms: new Map(),
    commands: [],
    acknowledgements: [],
    deliveries: [],
    heard(stream, version) {
      const acknowledgedAt = told.get(`${stream} ${version}`);
      if (acknowledgedAt !== undefined) desk.deliveries.push({ at: now(), lag: now() - acknowledgedAt });
    },
    historyReplaced() {
      told.clear();
      desk.rooms.clear();
      for (const ticket of desk.tickets.values()) ticket.version = 1;
    },
    closing: false,
    anyNode: (except) => random.pick(nodes.filter((node) => node !== except)),
    async insist({ kind, by, stream, value }, perform) {
      const key = randomUUID();
      const command: Command = { key, kind, stream, by: by.id, attempts: [], ...(value !== undefined && { value }) };
      desk.commands.push(command);
      let node: ChaosNode | undefined;
      for (const first = now(); now() - first < LAST_PATIENCE; await sleep(RETRY)) {
        node = desk.anyNode(node);
        const at = now();
        const reply = await perform(key, node).catch((error: unknown) => ({
          outcome: 'unknown' as const,
          detail: error instanceof Error ? error.message : String(error),
        }));
        command.attempts.push({
          ...{ node: node.name, at, endedAt: now(), outcome: reply.outcome },
          ...('detail' in reply && { detail: reply.detail }),
        });
        if (reply.outcome === 'unknown') continue;
        if (reply.outcome === 'acknowledged') acknowledge(command, reply);
        return reply;
      }
      return undefined;
    },
  };

  function acknowledge(command: Command, { version, id }: Reply & { outcome: 'acknowledged' }): void {
    desk.acknowledgements.push(now());
    if (command.kind === 'open' && id !== undefined) command.stream = `ticket.${id}`;
    if (version === undefined) return;
    if (!TOLD.has(command.kind)) return;
    command.version = version;
    told.set(`${command.stream} ${version}`, now());
    if (command.kind === 'note') return;
    const [kind, name = ''] = command.stream?.split('.', 2) ?? [];
    const ticket = desk.tickets.get(name);
    if (kind === 'ticket' && ticket !== undefined) {
      ticket.version = Math.max(ticket.version, version);
      ticket.commands += 1;
    }
    if (kind === 'room') desk.rooms.set(name, Math.max(desk.rooms.get(name) ?? 0, version));
  }

  return desk;
}
