/**
 * Actors placed on the nodes of a cluster. A command goes to the node that owns its stream. So the commands of a busy
 * stream share one mailbox and one append, instead of conflicting with each other. The command runs here if this node
 * is the owner, or if no other node answers. Any node may run any command, because the log detects conflicts.
 *
 *   execute ─▶ own stream? ── yes ─▶ local actors
 *                 │ no
 *                 ▼
 *              ask the owner ─ answered ────────────────▶ outcome or refusal
 *                 │ not running: drop it from the view and ask the next owner, at most FORWARDS in all
 *                 │ no answer within `patience` (drop it from the view), or it declined, or it cannot be asked,
 *                 │ or its answer cannot be sent
 *                 ▼
 *              local actors, with the same command id: events that were recorded already are found in the log
 *
 * A command that recorded nothing (a refusal, or nothing to change) leaves no trace that would stop a second run. So
 * the asked node must not decide after the asking node has run the command itself. Each command says when it was sent.
 * The asked node declines a command that it receives, or would decide, too late. The asking node waits until that time
 * is over. It waits so once per command: after a time-out it asks no other node, because the cause may be the broker.
 */
import { type Broker, type Service, UnansweredError } from '../../broker/port.ts';
import type { NodeView } from '../../cluster/node-view.ts';
import { DeskwireError } from '../../domain/errors.ts';
import { streamOf } from '../../domain/event.ts';
import type {
  ActorKind,
  ActorKinds,
  ActorSystem,
  CommandContext,
  CommandOutcome,
  RecordedCommand,
} from '../actor-system.ts';
import type { Log } from '../log.ts';
import { type Answer, type Answered, commandsOf, errorOf, type ForwardedCommand, refusalOf } from './forwarding.ts';

export interface PlacedActorSystem extends ActorSystem {
  /** Starts to serve commands and announces this node to the others. Resolves when others can reach it. */
  join(): Promise<void>;
  /** Position of the newest event that another node recorded for a command from here; 0 before the first. */
  readonly lastPosition: number;
  /** Tells the others that this node leaves. New commands then go to other nodes if there are any, from here too. */
  leave(): void;
}

export interface PlacedActorSystemDeps {
  readonly local: ActorSystem;
  readonly view: NodeView;
  /** See `codeFingerprint`. */
  readonly code: string;
  readonly requests: Broker['requests'];
  /** Unix time in milliseconds. */
  readonly now: () => number;
  readonly log: Log;
  /** Milliseconds within which a node must answer; 1,000 when absent. */
  readonly patience?: number;
}

/** At most this many other nodes are asked before the command runs here. */
const FORWARDS = 2;
/** Why a node gave no answer. Only after `nobody` may the next node be asked. */
type Unanswered = 'nobody' | 'silent' | 'unaskable';
/** The part of `patience` in which the asked node may begin to decide. The rest is for clock drift and the answer. */
const TO_DECIDE = 0.85;

export function createPlacedActorSystem(deps: PlacedActorSystemDeps): PlacedActorSystem {
  const { local, view, code, requests, now, log, patience = 1_000 } = deps;
  let lastPosition = 0;
  let service: Service | undefined;

  async function answer({ from, sentAt, kind, id, command, context, ...asked }: ForwardedCommand): Promise<Answer> {
    if (asked.code !== code) return { declined: 'code' };
    const left = TO_DECIDE * patience - view.delayOf(from, sentAt);
    if (left <= 0) return { declined: 'late' };
    try {
      // Nodes of the same code have the same commands.
      const outcome = await local.execute(kind, id, command as ActorKinds[typeof kind]['command'], {
        ...context,
        notAfter: now() + left,
      });
      if (asked.withState) return { outcome };
      const { state: _, ...recorded } = outcome;
      return { outcome: recorded };
    } catch (error) {
      if (!(error instanceof DeskwireError)) throw error;
      // An `unavailable` with a cause means that this node cannot reach the log. The asking node may reach it. Overload
      // has no cause: it is passed on as a refusal.
      if (error.code === 'unavailable' && error.cause !== undefined) return { declined: 'cut off' };
      return { refusal: refusalOf(error) };
    }
  }

  /** The answer of the stream's owner; undefined if the command has to run here. */
  async function forward(
    first: string,
    question: Omit<ForwardedCommand, 'from' | 'sentAt' | 'code'>,
  ): Promise<Answered | undefined> {
    const stream = streamOf(question.kind, question.id);
    const asked = new Set<string>();
    let owner: string | undefined = first;
    while (owner !== undefined && asked.size < FORWARDS) {
      asked.add(owner);
      const answered = await ask(owner, { ...question, from: view.self, sentAt: now(), code });
      if (typeof answered === 'object') return outcomeOf(answered);
      if (answered === 'unaskable') return undefined;
      view.drop(owner);
      if (answered === 'silent') return undefined;
      owner = view.ownerOf(stream, asked);
    }
    return undefined;
  }

  async function ask(owner: string, question: ForwardedCommand): Promise<Answer | Unanswered> {
    try {
      return (await requests.ask(commandsOf(owner), question, patience)) as Answer;
    } catch (error) {
      if (!(error instanceof UnansweredError)) throw error;
      if (error.reason === 'nobody') return 'nobody';
      if (error.reason === 'late') return 'silent';
      log.warn({ err: error, owner, kind: question.kind, id: question.id }, 'command not forwarded');
      return 'unaskable';
    }
  }

  function outcomeOf(answered: Answer): Answered | undefined {
    if ('refusal' in answered) throw errorOf(answered.refusal);
    if ('declined' in answered) return undefined;
    lastPosition = Math.max(lastPosition, answered.outcome.position);
    return answered.outcome;
  }

  return {
    get lastPosition() {
      return lastPosition;
    },

    execute<K extends ActorKind>(kind: K, id: string, command: ActorKinds[K]['command'], context: CommandContext) {
      const owner = view.ownerOf(streamOf(kind, id));
      if (owner === undefined) return local.execute(kind, id, command, context);
      // The owner answers with a state of the requested kind.
      return forward(owner, { kind, id, command, context, withState: true }).then(
        (outcome) => (outcome as CommandOutcome<K> | undefined) ?? local.execute(kind, id, command, context),
      );
    },

    record<K extends ActorKind>(kind: K, id: string, command: ActorKinds[K]['command'], context: CommandContext) {
      const owner = view.ownerOf(streamOf(kind, id));
      if (owner === undefined) return local.record(kind, id, command, context);
      return forward(owner, { kind, id, command, context, withState: false }).then(
        (outcome): RecordedCommand | Promise<RecordedCommand> => outcome ?? local.record(kind, id, command, context),
      );
    },

    read: local.read,

    async join() {
      service = requests.serve(commandsOf(view.self), (question) => answer(question as ForwardedCommand));
      await service.ready;
      view.join();
    },
    leave: view.leave,

    async close() {
      view.leave();
      await service?.close();
      view.close();
      await local.close();
    },
  };
}
