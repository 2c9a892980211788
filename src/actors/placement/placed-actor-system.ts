/**
 * Actors placed on the nodes of a cluster. A command goes to the node that owns its stream, so that the commands of a hot
 * stream meet in one mailbox and become one append, instead of conflicts between many. The owner being this node, or
 * unreachable, or nobody, the command is run here: any node may, because the log is the arbiter.
 *
 *   execute ─▶ own stream? ── yes ─▶ local actors
 *                 │ no
 *                 ▼
 *              ask the owner ─ answered ────────────────▶ outcome or refusal
 *                 │ nobody there: leave it out, ask the next, at most FORWARDS
 *                 │ silent for PATIENCE (leave it out), or it declined, cannot be asked, or its answer cannot be sent
 *                 ▼
 *              local actors, with the same command id: what was recorded already is found in the log
 *
 * A command that recorded nothing (a refusal, nothing to change) leaves no trace that would stop a second run. Therefore
 * whoever was asked must not decide once the asker has given up: each command says when it was sent, a node that gets or
 * reaches it too late declines it, and nobody gives up before that time. That time is waited out once: whatever silenced the
 * first (its own death, or a broker that hangs) may have silenced the next one, too.
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
  /** Has other nodes know of this one, and send it the commands of its streams. Resolves when they can. */
  join(): Promise<void>;
  /** Position of the newest event that another node recorded for a command from here; 0 before the first. */
  readonly lastPosition: number;
  /** Leaves the cluster's view: new commands go to other nodes, if there are any, from here too. */
  leave(): void;
}

export interface PlacementDependencies {
  readonly local: ActorSystem;
  readonly view: NodeView;
  readonly code: string;
  readonly requests: Broker['requests'];
  /** Unix time in milliseconds. */
  readonly now: () => number;
  readonly log: Log;
  /** Milliseconds that a node is given to answer. */
  readonly patience?: number;
}

/** Other nodes asked before a command is run here. */
const FORWARDS = 2;
/** What becomes of a question that is not answered: it may be put to the next node, or must be decided here. */
type Unanswered = 'nobody' | 'silent' | 'unaskable';
/** The part of the patience in which the asked node may still begin to decide; the rest is for clocks and the answer. */
const TO_DECIDE = 0.85;

export function createPlacedActorSystem(dependencies: PlacementDependencies): PlacedActorSystem {
  const { local, view, code, requests, now, log, patience = 1_000 } = dependencies;
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
      // What this node lacks (its way to the log, say) the asker may have. Too much work is not lessened by another's doing it.
      if (error.code === 'unavailable' && error.cause !== undefined) return { declined: 'cut off' };
      return { refusal: refusalOf(error) };
    }
  }

  /** The answer of the stream's owner; undefined when the command is to be run here. */
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
      // The owner answers with states of the kind that it was asked for.
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
