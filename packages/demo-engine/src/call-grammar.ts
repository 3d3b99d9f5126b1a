/**
 * Which characters may come next inside a tool call. It lets through exactly
 *
 *     \n{"name": "TOOL", "arguments": {"PARAMETER": VALUE, ...}}\n
 *
 * with the name of an offered tool, parameters of its schema (each once, the required ones all), a value that
 * begins as its type must, and correct JSON throughout. So a small model, or one that was made to call, cannot
 * give a broken call.
 *
 * States are never changed: many continuations of one state can be tried. Text is handled as UTF-8 bytes, each
 * written as one character, because a token may end within a character.
 */

import { toolParameters, type ToolParameter } from './schema.ts';
import type { DemoTool } from './types.ts';

export type CallState =
  /** In the fixed part up to the `{` of the arguments; `text` is what was read of it. */
  | { at: 'head'; text: string }
  | { at: 'key'; text: string; inside: Inside }
  | { at: 'free-key' | 'string' | 'after-key' | 'end-of-value'; inside: Inside }
  | { at: 'escape'; inside: Inside; back: 'string' | 'free-key'; hexLeft: number }
  | { at: 'number'; text: string; inside: Inside }
  | { at: 'word'; rest: string; inside: Inside }
  | { at: 'next-key' | 'next-value'; isFirst: boolean; hasSpace: boolean; inside: Inside }
  | { at: 'tail'; rest: string }
  | { at: 'done' };

/** Where in the arguments: `open` has one bracket for each level, the arguments' own first. */
type Inside = { tool: ToolRule; used: readonly string[]; open: string; key: string };

/** `head` is all that stands before the arguments' first parameter. */
type ToolRule = { head: string; parameters: ParameterRule[] };

/** `quoted` is the name as a JSON key. */
type ParameterRule = ToolParameter & { quoted: string };

export type CallGrammar = {
  start: CallState;
  /** The state after one more character; undefined when it may not stand here. */
  step(state: CallState, character: string): CallState | undefined;
};

const MAX_DEPTH = 32;
const NUMBER_START = /^-?(0|[1-9]\d*)?$|^-?(0|[1-9]\d*)(\.\d*)?$|^-?(0|[1-9]\d*)(\.\d+)?[eE][+-]?\d*$/;
const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;
const WORDS: Record<string, string> = { t: 'true', f: 'false', n: 'null' };
const FIRST_OF_TYPE: Record<string, string> = {
  string: '"',
  number: '-0123456789',
  integer: '-0123456789',
  boolean: 'tf',
  object: '{',
  array: '[',
  null: 'n',
};

export function createCallGrammar(tools: readonly DemoTool[]): CallGrammar {
  const rules = tools.map((tool): ToolRule => ({
    head: byteText(`\n{"name": ${JSON.stringify(tool.name)}, "arguments": {`),
    parameters: toolParameters(tool.parameters).map((parameter) => ({
      ...parameter,
      quoted: byteText(JSON.stringify(parameter.name)),
    })),
  }));

  function stepHead(text: string): CallState | undefined {
    const tool = rules.find((rule) => rule.head.startsWith(text));
    if (tool === undefined) return undefined;
    if (tool.head !== text) return { at: 'head', text };
    return { at: 'next-key', isFirst: true, hasSpace: true, inside: { tool, used: [], open: '{', key: '' } };
  }

  return {
    start: { at: 'head', text: '' },
    step: (state, character) =>
      state.at === 'head' ? stepHead(state.text + character) : stepInside(state, character),
  };
}

/** UTF-8 bytes, one character each. */
function byteText(text: string): string {
  return Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join('');
}

function stepInside(state: Exclude<CallState, { at: 'head' }>, character: string): CallState | undefined {
  switch (state.at) {
    case 'next-key':
      if (character === '"') return beginKey(state.inside);
      if (character === ' ' && !state.hasSpace) return { ...state, hasSpace: true };
      return state.isFirst ? close(state.inside, character) : undefined;
    case 'key':
      return stepKey(state.text + character, state.inside);
    case 'free-key':
    case 'string':
      return stepString(state.at, state.inside, character);
    case 'escape':
      return stepEscape(state, character);
    case 'after-key':
      return character === ':'
        ? { at: 'next-value', isFirst: false, hasSpace: false, inside: state.inside }
        : undefined;
    case 'next-value':
      if (character === ' ' && !state.hasSpace) return { ...state, hasSpace: true };
      if (character === ']' && state.isFirst) return close(state.inside, character);
      return beginValue(state.inside, character);
    case 'number':
      if (NUMBER_START.test(state.text + character)) return { ...state, text: state.text + character };
      return NUMBER.test(state.text) ? endValue(state.inside, character) : undefined;
    case 'word':
      if (!state.rest.startsWith(character)) return undefined;
      return state.rest.length === 1
        ? { at: 'end-of-value', inside: state.inside }
        : { ...state, rest: state.rest.slice(1) };
    case 'end-of-value':
      return endValue(state.inside, character);
    case 'tail':
      if (!state.rest.startsWith(character)) return undefined;
      return state.rest.length === 1 ? { at: 'done' } : { at: 'tail', rest: state.rest.slice(1) };
    case 'done':
      break;
  }
  return undefined;
}

function beginKey(inside: Inside): CallState | undefined {
  if (inside.open !== '{') return { at: 'free-key', inside };
  return unused(inside).length > 0 ? { at: 'key', text: '"', inside } : undefined;
}

/** A key of the arguments themselves: only the schema's names are let through. */
function stepKey(text: string, inside: Inside): CallState | undefined {
  const parameter = unused(inside).find(({ quoted }) => quoted.startsWith(text));
  if (parameter === undefined) return undefined;
  const { name, quoted } = parameter;
  if (quoted !== text) return { at: 'key', text, inside };
  return { at: 'after-key', inside: { ...inside, key: name, used: [...inside.used, name] } };
}

function unused({ tool, used }: Inside): ParameterRule[] {
  return tool.parameters.filter(({ name }) => !used.includes(name));
}

function stepString(at: 'string' | 'free-key', inside: Inside, character: string): CallState | undefined {
  if (character === '\\') return { at: 'escape', inside, back: at, hexLeft: 0 };
  if (character === '"') return { at: at === 'string' ? 'end-of-value' : 'after-key', inside };
  return character >= ' ' ? { at, inside } : undefined;
}

function stepEscape(state: Extract<CallState, { at: 'escape' }>, character: string): CallState | undefined {
  if (state.hexLeft > 0) {
    if (!/[0-9a-fA-F]/.test(character)) return undefined;
    return state.hexLeft === 1
      ? { at: state.back, inside: state.inside }
      : { ...state, hexLeft: state.hexLeft - 1 };
  }
  if (character === 'u') return { ...state, hexLeft: 4 };
  return '"\\/bfnrt'.includes(character) ? { at: state.back, inside: state.inside } : undefined;
}

function beginValue(inside: Inside, character: string): CallState | undefined {
  if (inside.open === '{') {
    const type = inside.tool.parameters.find(({ name }) => name === inside.key)?.type;
    const allowed = type === undefined ? undefined : FIRST_OF_TYPE[type];
    if (allowed !== undefined && !allowed.includes(character)) return undefined;
  }
  if (character === '"') return { at: 'string', inside };
  const word = WORDS[character];
  if (word !== undefined) return { at: 'word', rest: word.slice(1), inside };
  if (NUMBER_START.test(character)) return { at: 'number', text: character, inside };
  if ((character !== '{' && character !== '[') || inside.open.length >= MAX_DEPTH) return undefined;
  const opened = { ...inside, open: inside.open + character };
  return { at: character === '{' ? 'next-key' : 'next-value', isFirst: true, hasSpace: true, inside: opened };
}

/** After a value: another one, or the end of what it stands in. */
function endValue(inside: Inside, character: string): CallState | undefined {
  if (character !== ',') return close(inside, character);
  if (inside.open === '{' && unused(inside).length === 0) return undefined;
  const at = inside.open.endsWith('{') ? 'next-key' : 'next-value';
  return { at, isFirst: false, hasSpace: false, inside };
}

function close(inside: Inside, character: string): CallState | undefined {
  if (character !== (inside.open.endsWith('{') ? '}' : ']')) return undefined;
  if (inside.open.length > 1)
    return { at: 'end-of-value', inside: { ...inside, open: inside.open.slice(0, -1) } };
  const isComplete = unused(inside).every(({ isRequired }) => !isRequired);
  return isComplete ? { at: 'tail', rest: '}\n' } : undefined;
}
