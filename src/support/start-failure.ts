/**
 * An error that keeps the server from starting or running and that the operator can correct. Its message is one line:
 * the fault and its remedy. It is shown without a stack trace. Any other error is a fault in Deskwire.
 */
export class StartFailure extends Error {
  override readonly name = 'StartFailure';
}

/** The code of a system error (`ENOENT`), undefined for anything else. */
export function systemErrorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** The message of an error, or of its causes: refused connections come as an AggregateError with an empty message. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.map(messageOf).join(', ');
  return error instanceof Error ? error.message : String(error);
}
