/**
 * What stops the server from starting or running, in words for the person who started it: one line that says what is
 * wrong and what to do. Shown without a stack trace; anything that is not a StartFailure is a fault of ours.
 */
export class StartFailure extends Error {
  override readonly name = 'StartFailure';
}

/** The code of a system error (`ENOENT`), undefined for anything else. */
export function systemErrorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** Of an error with several causes, theirs: refused connections come as an AggregateError that says nothing itself. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.map(messageOf).join(', ');
  return error instanceof Error ? error.message : String(error);
}
