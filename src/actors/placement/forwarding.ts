/**
 * The messages between nodes about a command, as plain JSON. A refusal carries everything that the client is shown. The
 * state is sent only on request, because it may be large.
 */
import type { Topic } from '../../broker/port.ts';
import { DeskwireError, type ErrorCode } from '../../domain/errors.ts';
import type { ActorKind, CommandContext, RecordedCommand } from '../actor-system.ts';

export interface ForwardedCommand {
  /** The asking node. */
  readonly from: string;
  /** Unix time in milliseconds, by the clock of the asking node. */
  readonly sentAt: number;
  /** The code fingerprint of the asking node: a node with other code declines. */
  readonly code: string;
  readonly kind: ActorKind;
  readonly id: string;
  readonly command: unknown;
  readonly context: CommandContext;
  readonly withState: boolean;
}

/** A recorded command, with its state if the request asked for it. */
export type Answered = RecordedCommand & { readonly state?: unknown };

export type Answer =
  | { readonly outcome: Answered }
  | { readonly refusal: Refusal }
  /**
   * The node does not decide the command: it runs other code, the command came too late, or the node cannot reach the
   * log. The command recorded nothing, or its events are found by its command id.
   */
  | { readonly declined: 'code' | 'late' | 'cut off' };

interface Refusal {
  readonly code: ErrorCode;
  readonly message: string;
  readonly field?: string;
  readonly retryAfter?: number;
}

/** The topic of one node. A restarted process has a new node id, so it never gets commands for its predecessor. */
export function commandsOf(node: string): Topic {
  return ['commands', node];
}

export function refusalOf({ code, message, field, retryAfter }: DeskwireError): Refusal {
  return { code, message, ...(field !== undefined && { field }), ...(retryAfter !== undefined && { retryAfter }) };
}

export function errorOf({ code, message, field, retryAfter }: Refusal): DeskwireError {
  return new DeskwireError(code, message, {
    ...(field !== undefined && { field }),
    ...(retryAfter !== undefined && { retryAfter }),
  });
}
