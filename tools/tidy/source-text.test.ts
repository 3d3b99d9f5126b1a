import { describe, expect, it } from 'vitest';
import { blankComments, blankCommentsAndStrings } from './source-text.ts';

const blanked: ReadonlyArray<[name: string, text: string, expected: string]> = [
  ['line comment', 'a(); // fetch(', 'a();          '],
  ['block comment over lines', 'a /* b\nc */ d', 'a     \n     d'],
  ['single quotes', "call('fetch(');", "call('      ');"],
  ['escaped quote', "x('a\\'b') + y", "x('    ') + y"],
  ['template', 'x(`abc`) + y', 'x(`   `) + y'],
  ['code inside a template stays', 'x(`a${b({ c: 1 })}d`) + y', 'x(` ${b({ c: 1 })} `) + y'],
  ['nested templates', '`a${`b${c}d`}e`', '` ${` ${c} `} `'],
  ['regular expression', 'x = /fetch(\\/["a]/.test(y)', `x = /${' '.repeat(12)}/.test(y)`],
  ['division is none', "a / b / 'c'", "a / b / ' '"],
  ['an apostrophe in JSX text ends with its line', "<p>don't</p>\nfetch(", "<p>don'     \nfetch("],
  ['comment mark in a string', "x('// no') + fetch(", "x('     ') + fetch("],
];

describe('blankCommentsAndStrings', () => {
  it.each(blanked)('%s', (_name, text, expected) => {
    const result = blankCommentsAndStrings(text);
    expect(result).toHaveLength(text.length);
    expect(result).toBe(expected);
  });
});

it('blankComments keeps strings', () => {
  expect(blankComments("from './a.ts' /* from './b.ts' */")).toBe(`from './a.ts' ${' '.repeat(19)}`);
});
