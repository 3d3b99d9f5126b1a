import { stripVTControlCharacters } from 'node:util';
import type { CommandFailure } from './failure.ts';
import { formatRecord, formatTable } from './table.ts';
import type { Column } from './table.ts';

/** Where a command writes. With `--json`: one JSON document on standard output and nothing else there. */
export type Output = {
  readonly json: boolean;
  /** The result of the command: the JSON document, or what `forPeople` writes. */
  result(value: unknown, forPeople: (screen: Screen) => void): void;
  /** Text as it is, for commands whose result is text. */
  text(text: string): void;
  /** Something by the way, on standard error. Silent with `--json`. */
  note(text: string): void;
  failure(failure: CommandFailure): void;
};

export type Screen = {
  line(text: string): void;
  table(columns: readonly Column[], rows: readonly (readonly string[])[], whenEmpty: string): void;
  record(fields: readonly (readonly [name: string, value: string])[]): void;
  /** A secret on a line of its own, for copying, and the warning that it comes once. */
  secret(what: string, secret: string): void;
};

export type Streams = { stdout(text: string): void; stderr(text: string): void };

export function createOutput(streams: Streams, json: boolean): Output {
  const screen: Screen = {
    line: (text) => streams.stdout(`${clean(text)}\n`),
    table(columns, rows, whenEmpty) {
      streams.stdout(`${clean(rows.length === 0 ? whenEmpty : formatTable(columns, rows))}\n`);
    },
    record: (fields) => streams.stdout(`${clean(formatRecord(fields))}\n`),
    secret(what, secret) {
      streams.stdout(`\n${secret}\n\n`);
      streams.stderr(`This is the only time that the ${what} is shown. Keep it in a safe place.\n`);
    },
  };
  return {
    json,
    result(value, forPeople) {
      if (json) streams.stdout(`${JSON.stringify(value, undefined, 2)}\n`);
      else forPeople(screen);
    },
    text: (text) => streams.stdout(text),
    note(text) {
      if (!json) streams.stderr(`${clean(text)}\n`);
    },
    failure(failure) {
      const { code, message, hint } = failure;
      if (json) {
        streams.stderr(`${JSON.stringify({ error: { code, message, hint: hint ?? null } })}\n`);
        return;
      }
      streams.stderr(`error: ${clean(message)}\n${hint === undefined ? '' : `${clean(hint)}\n`}`);
    },
  };
}

/** Names that people chose must not move the cursor or colour the screen. */
function clean(text: string): string {
  return stripVTControlCharacters(text).replace(/[^\P{Cc}\n]/gu, '');
}

/** The terminal. A reader that went away (`| head`) ends the output, not with an error. */
export function processStreams(): Streams {
  const ignoreClosedPipe = (error: NodeJS.ErrnoException): void => {
    if (error.code !== 'EPIPE') throw error;
  };
  process.stdout.on('error', ignoreClosedPipe);
  process.stderr.on('error', ignoreClosedPipe);
  return {
    stdout: (text) => void process.stdout.write(text),
    stderr: (text) => void process.stderr.write(text),
  };
}
