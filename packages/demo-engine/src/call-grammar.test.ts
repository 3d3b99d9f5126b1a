import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createCallGrammar, type CallState } from './call-grammar.ts';
import type { DemoTool } from './types.ts';

const tools: DemoTool[] = [
  {
    name: 'book',
    parameters: {
      properties: { n: { type: 'integer' }, note: { type: 'string' }, ok: { type: 'boolean' }, any: {} },
      required: ['n'],
    },
  },
  { name: 'bo"ok é' },
];
const grammar = createCallGrammar(tools);

function stateAfter(text: string): CallState | undefined {
  let state: CallState | undefined = grammar.start;
  for (const byte of new TextEncoder().encode(text)) {
    state = grammar.step(state, String.fromCharCode(byte));
    if (state === undefined) return undefined;
  }
  return state;
}

const call = (inside: string, name = 'book') => `\n{"name": "${name}", "arguments": {${inside}}}\n`;

test.each<[string, string]>([
  ['one parameter', call('"n": 1')],
  ['no spaces', call('"n":1,"ok":true')],
  [
    'every kind of value',
    call('"any": [null, {"x": "\\u00e9\\n", "y": []}, -1.5e+3, {}], "note": "é \\" }", "n": 0, "ok": false'),
  ],
  ['no parameters', call('', 'bo\\"ok é')],
])('lets through: %s', (_name, text) => {
  expect(stateAfter(text)).toEqual({ at: 'done' });
  expect(() => JSON.parse(text) as unknown).not.toThrow();
});

const head = '\n{"name": "book", "arguments": {';

test.each<[name: string, before: string, next: string]>([
  ['another tool', '\n{"name": "bo', 'x'],
  ['another first character', '', '{'],
  ['a missing required parameter', `${head}"ok": true`, '}'],
  ['nothing where one is required', head, '}'],
  ['an unknown parameter', `${head}"`, 'm'],
  ['a parameter twice', `${head}"n": 1, "n`, '"'],
  ['a parameter where there are none', '\n{"name": "bo\\"ok é", "arguments": {', '"'],
  ['a second key instead of a value', `${head}"note": "a"`, ':'],
  ['a value of another type', `${head}"n": `, '"'],
  ['a number that begins with zeros', `${head}"n": 0`, '0'],
  ['a number without digits', `${head}"n": -`, '}'],
  ['a comma before the end', `${head}"n": 1,`, '}'],
  ['a comma when nothing is left', `${head}"n": 1, "note": "", "ok": true, "any": 1`, ','],
  ['the wrong bracket', `${head}"any": [1`, '}'],
  ['a line feed in a text', `${head}"note": "`, '\n'],
  ['an unknown escape', `${head}"note": "\\`, 'x'],
  ['a hex digit that is none', `${head}"note": "\\u00`, 'g'],
  ['a word cut short', `${head}"ok": tru`, '}'],
  ['too many levels', `${head}"any": ${'['.repeat(31)}`, '['],
  ['more after the end', call('"n": 1'), ' '],
])('stops: %s', (_name, before, next) => {
  expect(stateAfter(before)).toBeDefined();
  expect(stateAfter(before + next)).toBeUndefined();
});

test('whatever way is taken, it can be ended, and then it is a correct call', () => {
  // Closing characters first: see below.
  const letters = `}]"0aeulr,:{[-.1tfns \\\n mbokyE()${call('', 'bo\\"ok')}\u00c3\u00a9`;
  const alphabet = Array.from(new Set(letters));
  fc.assert(
    fc.property(fc.array(fc.nat(), { maxLength: 120 }), (choices) => {
      let state = grammar.start;
      const bytes: number[] = [];
      for (let step = 0; state.at !== 'done'; step++) {
        const current: CallState = state;
        const options = alphabet.flatMap((letter) => {
          const next = grammar.step(current, letter);
          return next === undefined ? [] : [{ letter, next }];
        });
        // After the random part the first that fits: what closes stands first in the alphabet.
        const chosen = options[(choices[step] ?? 0) % options.length];
        if (chosen === undefined) throw new Error(`a dead end: ${state.at}`);
        state = chosen.next;
        bytes.push(chosen.letter.charCodeAt(0));
        if (step > 2000) throw new Error('no end');
      }
      const value = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes))) as {
        name: string;
        arguments: object;
      };
      expect(['book', 'bo"ok é']).toContain(value.name);
      const keys = Object.keys(value.arguments);
      if (value.name === 'book') expect(keys).toContain('n');
      expect(['n', 'note', 'ok', 'any']).toEqual(expect.arrayContaining(keys));
    }),
    { numRuns: 400 },
  );
});
