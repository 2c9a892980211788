/** What the exit codes of the `deskwire` command mean; docs/operating.md has the same list. */
export const EXIT = {
  done: 0,
  /** Something that it needs is not there or failed. */
  failed: 1,
  /** The command line is wrong. */
  usage: 2,
  /** What the command is about does not exist, or is so already. */
  nothingToDo: 3,
  /** `doctor` or `events verify` found something wrong. */
  findings: 4,
  /** Another process is at it. */
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
