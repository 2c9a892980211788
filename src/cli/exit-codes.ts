/** Exit codes of the `deskwire` command; docs/operating.md has the same list. */
export const EXIT = {
  done: 0,
  /** Something that the command needs is missing or failed. */
  failed: 1,
  /** The command line is wrong. */
  usage: 2,
  /** The object of the command does not exist, or already has the wanted state. */
  nothingToDo: 3,
  /** `doctor` or `events verify` found something wrong. */
  findings: 4,
  /** Another process is doing the same. */
  busy: 5,
  /** Ctrl-C, or SIGTERM. */
  interrupted: 130,
} as const;

/** Ends the command with a message for the operator and an exit code. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly exitCode: number;

  constructor(exitCode: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}
