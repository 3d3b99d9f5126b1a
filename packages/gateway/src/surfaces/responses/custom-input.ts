import { isJsonObject, tryParseJson } from '../../core/json-body.ts';

/**
 * Custom tools take free text, engines call functions with JSON: a custom tool is offered as a function with one
 * string, `input`. This writes such arguments, for a call of an earlier turn.
 */
export function customArguments(input: string): string {
  return JSON.stringify({ input });
}

/** Takes a call's arguments in any pieces and gives the tool's input back as it becomes known. */
export type CustomInputReader = {
  /** The next characters of the input. */
  push(argumentsText: string): string;
  /** What is left at the end. */
  end(): string;
};

const HEAD = /^\s*\{\s*"input"\s*:\s*"/;
/** Behind so many characters a head that did not come yet will not come: the rest is only read at the end. */
const HEAD_MAX_CHARS = 64;
const SPECIAL = /["\\]/g;
const HEX = /^[0-9a-fA-F]{4}$/;
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
]);

/**
 * Reads `{"input":"..."}` while it comes, so that a long patch or program streams. An engine that wrote something else
 * (another member, bare text) is taken at its word at the end. Nothing is ever lost but what follows the string.
 */
export function createCustomInputReader(): CustomInputReader {
  let state: 'head' | 'other' | 'string' | 'done' = 'head';
  /** In the head: all so far. In the string: an escape that is not complete. */
  let pending = '';

  return {
    push(argumentsText) {
      if (state === 'done') return '';
      pending += argumentsText;
      if (state === 'other') return '';
      if (state === 'head') {
        const head = HEAD.exec(pending.slice(0, HEAD_MAX_CHARS));
        if (head === null) {
          if (pending.length >= HEAD_MAX_CHARS) state = 'other';
          return '';
        }
        state = 'string';
        pending = pending.slice(head[0].length);
      }
      const read = readString(pending);
      pending = read.rest;
      if (read.isClosed) state = 'done';
      return read.text;
    },
    end() {
      const rest = state === 'head' || state === 'other' ? wholeInput(pending) : '';
      state = 'done';
      return rest;
    },
  };
}

type StringRead = { text: string; rest: string; isClosed: boolean };

/** Decodes a JSON string's inside up to its closing quote, or up to an escape that is not complete. */
function readString(source: string): StringRead {
  let text = '';
  let at = 0;
  for (;;) {
    SPECIAL.lastIndex = at;
    const special = SPECIAL.exec(source);
    if (special === null) return { text: text + source.slice(at), rest: '', isClosed: false };
    text += source.slice(at, special.index);
    if (special[0] === '"') return { text, rest: '', isClosed: true };
    const escape = readEscape(source, special.index + 1);
    if (escape === undefined) return { text, rest: source.slice(special.index), isClosed: false };
    text += escape.text;
    at = escape.end;
  }
}

/** What stands behind a backslash. A wrong escape means its own characters: strictness would only lose text. */
function readEscape(source: string, at: number): { text: string; end: number } | undefined {
  const letter = source[at];
  if (letter === undefined) return undefined;
  if (letter !== 'u') return { text: ESCAPES.get(letter) ?? letter, end: at + 1 };
  const code = readUnit(source, at);
  if (code === undefined) return undefined;
  if (code === 'none') return { text: letter, end: at + 1 };
  const text = String.fromCharCode(code);
  const end = at + 5;
  // Half a character is no text: strict readers of JSON refuse an event that ends with it.
  if (code < HIGH_SURROGATE || code >= LOW_SURROGATE) return { text, end };
  const isNextOpen = end === source.length || (end + 1 === source.length && source[end] === '\\');
  const isNextUnit = source.startsWith('\\u', end);
  return isNextOpen || (isNextUnit && readUnit(source, end + 1) === undefined) ? undefined : { text, end };
}

const HIGH_SURROGATE = 0xd800;
const LOW_SURROGATE = 0xdc00;

/** The number behind the `u` of an escape; undefined where it is not complete, `none` where it is no number. */
function readUnit(source: string, at: number): number | 'none' | undefined {
  const digits = source.slice(at + 1, at + 5);
  if (HEX.test(digits)) return Number.parseInt(digits, 16);
  return digits.length < 4 && /^[0-9a-fA-F]*$/.test(digits) ? undefined : 'none';
}

/** The input in arguments of another form: the one string in them, or else all of their text. */
function wholeInput(argumentsText: string): string {
  const value = tryParseJson(argumentsText);
  if (typeof value === 'string') return value;
  if (!isJsonObject(value)) return argumentsText;
  if (typeof value['input'] === 'string') return value['input'];
  const [only, ...others] = Object.values(value);
  if (others.length === 0 && only === undefined) return '';
  return others.length === 0 && typeof only === 'string' ? only : argumentsText;
}
