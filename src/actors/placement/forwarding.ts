/**
 * What nodes say to each other about a command: plain JSON. An error crosses with everything that a client is told of
 * it, and a state only when somebody asked for it, because it may be large.
 */

import type { Topic } from '../../broker/port.ts';
import { DeskwireError, type ErrorCode } from '../../domain/errors.ts';
import type { ActorKind, CommandContext, RecordedCommand } from '../actor-system.ts';

export interface ForwardedCommand {
  /** The node that asks, and when by its clock. */
  readonly from: string;
  readonly sentAt: number;
  /** Its code: another node must not decide by other code. */
  readonly code: string;
  readonly kind: ActorKind;
  readonly id: string;
  readonly command: unknown;
  readonly context: CommandContext;
  readonly withState: boolean;
}

/** A recorded command, and its state when it was asked for. */
export type Answered = RecordedCommand & { readonly state?: unknown };

export type Answer =
  | { readonly outcome: Answered }
  | { readonly refusal: Refusal }
  /**
   * This node does not decide that: it is of other code, the command came too late, or it cannot reach what it needs. Nothing
   * was done, or it is found by the command's id.
   */
  | { readonly declined: 'code' | 'late' | 'cut off' };

interface Refusal {
  readonly code: ErrorCode;
  readonly message: string;
  readonly field?: string;
  readonly retryAfter?: number;
}

/** The subject of one incarnation of a node: a new process never gets what was meant for the one before. */
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
