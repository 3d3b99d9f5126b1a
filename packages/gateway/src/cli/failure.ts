/** 0: done. 1: it did not work. 2: the command was written wrongly. */
export const EXIT = { done: 0, failed: 1, usage: 2 } as const;

/** Ends a command. `message` says what went wrong, `hint` what to do next. */
export class CommandFailure extends Error {
  readonly hint: string | undefined;
  readonly exitCode: number;
  /** For `--json`: a code of the error catalogue, or a word of the command line's own. */
  readonly code: string;

  constructor(message: string, details: { hint?: string; exitCode?: number; code?: string } = {}) {
    super(message);
    this.name = 'CommandFailure';
    this.hint = details.hint;
    this.exitCode = details.exitCode ?? EXIT.failed;
    this.code = details.code ?? (this.exitCode === EXIT.usage ? 'usage' : 'failed');
  }
}

export function usageFailure(message: string, hint?: string): CommandFailure {
  return new CommandFailure(message, { exitCode: EXIT.usage, ...(hint === undefined ? {} : { hint }) });
}
