import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseInline, type Inline } from './markdown-inline.ts';
import { parseMarkdown, type Block } from './markdown.ts';

const text = (value: string): Inline => ({ kind: 'text', text: value });
const paragraph = (value: string): Block => ({ kind: 'paragraph', children: [text(value)] });
const list = (...items: Block[][]): Block => ({ kind: 'list', ordered: false, start: 1, items });

describe('blocks', () => {
  it('reads paragraphs, headings, quotes, lists, rules and code', () => {
    const blocks = parseMarkdown(
      '# Title\nOne\ntwo\n\n> said\n> so\n- a\n- b\n  goes on\n3. c\n4. d\n***\n```ts\nconst a = "**";\n\n- no list\n```\nend',
    );
    expect(blocks).toEqual<Block[]>([
      { kind: 'heading', children: [text('Title')] },
      { kind: 'paragraph', children: [text('One\ntwo')] },
      { kind: 'quote', children: [text('said\nso')] },
      { kind: 'list', ordered: false, start: 1, items: [[paragraph('a')], [paragraph('b\ngoes on')]] },
      { kind: 'list', ordered: true, start: 3, items: [[paragraph('c')], [paragraph('d')]] },
      { kind: 'rule' },
      { kind: 'code', language: 'ts', text: 'const a = "**";\n\n- no list' },
      { kind: 'paragraph', children: [text('end')] },
    ]);
  });

  it('shows a code block that is not closed yet', () => {
    expect(parseMarkdown('```\na')).toEqual([{ kind: 'code', language: '', text: 'a' }]);
  });
});

describe('lists', () => {
  it.each<[name: string, source: string, expected: Block[]]>([
    [
      'in lists',
      '- a\n  - b\n    - c\n- d',
      [list([paragraph('a'), list([paragraph('b'), list([paragraph('c')])])], [paragraph('d')])],
    ],
    ['by a tab', '- a\n\t- b', [list([paragraph('a'), list([paragraph('b')])])]],
    [
      'that go on after empty lines',
      '- a\n\n- b\n\n\nend',
      [list([paragraph('a')], [paragraph('b')]), paragraph('end')],
    ],
    ['with a second paragraph', '- a\n\n  b', [list([paragraph('a'), paragraph('b')])]],
    [
      'with code',
      '- a\n  ```sh\n  x\n\n    y\n  ```',
      [list([paragraph('a'), { kind: 'code', language: 'sh', text: 'x\n\n  y' }])],
    ],
    [
      'of numbers with points under them',
      '1. a\n   - b\n2. c',
      [
        {
          kind: 'list',
          ordered: true,
          start: 1,
          items: [[paragraph('a'), list([paragraph('b')])], [paragraph('c')]],
        },
      ],
    ],
    ['that a rule ends', '- a\n---\n- b', [list([paragraph('a')]), { kind: 'rule' }, list([paragraph('b')])]],
    ['that stand further in', '  - a\n  - b', [list([paragraph('a')], [paragraph('b')])]],
  ])('%s', (_name, source, expected) => {
    expect(parseMarkdown(source)).toEqual(expected);
  });

  it('are not deeper than six', () => {
    const depthOf = (blocks: readonly Block[]): number =>
      Math.max(
        0,
        ...blocks.map((one) => (one.kind === 'list' ? 1 + Math.max(...one.items.map(depthOf)) : 0)),
      );
    const deep = Array.from({ length: 30 }, (_, depth) => `${'  '.repeat(depth)}- a`).join('\n');
    expect(depthOf(parseMarkdown(deep))).toBe(6);
    expect(depthOf(parseMarkdown('- '.repeat(30) + 'a'))).toBe(6);
  });
});

describe('tables', () => {
  const cells = (...words: string[]): Inline[][] => words.map((word) => (word === '' ? [] : [text(word)]));

  it('have a header, sides and rows', () => {
    expect(parseMarkdown('So:\n| a | b | c |\n|:--|:-:|--:|\n| 1 | `x\\|y` | |\n| 2 |\nend')).toEqual<
      Block[]
    >([
      paragraph('So:'),
      {
        kind: 'table',
        header: cells('a', 'b', 'c'),
        aligns: ['left', 'center', 'right'],
        body: [[...cells('1'), [{ kind: 'code', text: 'x|y' }], []], cells('2', '')],
      },
      paragraph('end'),
    ]);
  });

  it.each<[name: string, source: string, header: string[], body: string[][]]>([
    ['without outer bars', 'a | b\n- | -\n1 | 2', ['a', 'b'], [['1', '2']]],
    ['of one column', '| a |\n|---|\n| 1 |', ['a'], [['1']]],
    ['with an empty first name', '|  | b |\n|---|---|\n| 1 | 2 |', ['', 'b'], [['1', '2']]],
    ['with too many cells in a row', '|a|b|\n|-|-|\n|1|2|3|4|', ['a', 'b'], [['1', '2 | 3 | 4']]],
    ['with a backslash at the end', 'a | b\n-|-\n1 | 2\\', ['a', 'b'], [['1', '2\\']]],
    ['without rows yet', '|a|b|\n|-|-|', ['a', 'b'], []],
  ])('%s', (_name, source, header, body) => {
    expect(parseMarkdown(source)).toMatchObject([
      { kind: 'table', header: cells(...header), body: body.map((row) => cells(...row)) },
    ]);
  });

  it.each(['| a | b |', 'a | b\n---', '| a |\n| b |', '|a|b|\n|-|x|', 'a\n|-|'])('%j is none', (source) => {
    expect(parseMarkdown(source).map(({ kind }) => kind)).not.toContain('table');
  });
});

describe('spans', () => {
  it.each<[string, Inline[]]>([
    ['a **b *c*** d', [text('a '), { kind: 'strong', children: [text('b *c')] }, text('* d')]],
    ['_a_ and snake_case_name', [{ kind: 'emphasis', children: [text('a')] }, text(' and snake_case_name')]],
    ['2 * 3 * 4', [text('2 * 3 * 4')]],
    ['`*a*` ``b`c``', [{ kind: 'code', text: '*a*' }, text(' '), { kind: 'code', text: 'b`c' }]],
    ['[a](https://example.com/b)', [{ kind: 'link', href: 'https://example.com/b', children: [text('a')] }]],
    [
      'see https://example.com/.',
      [
        text('see '),
        { kind: 'link', href: 'https://example.com/', children: [text('https://example.com/')] },
        text('.'),
      ],
    ],
    ['<b>a</b> &amp;', [text('<b>a</b> &amp;')]],
  ])('reads %j', (source, expected) => {
    expect(parseInline(source)).toEqual(expected);
  });

  it.each([
    '[a](javascript:alert(1))',
    '[a](http://example.com)',
    '[a](data:text/html,x)',
    '[a](//example.com)',
    '[a](https://bank.example@evil.example/)',
    'http://example.com',
    'https://bank.example@evil.example/',
    '[a](https://)',
  ])('makes no link of %s', (source) => {
    expect(JSON.stringify(parseInline(source))).not.toContain('"link"');
  });

  it('loads no picture', () => {
    expect(JSON.stringify(parseInline('![a](https://example.com/a.png)'))).not.toContain('image');
  });
});

/** A bare address stands in the text and in the link. Of a link with other words the address is nowhere else. */
function withoutShownAddress(_key: string, value: unknown): unknown {
  const isLink = typeof value === 'object' && value !== null && 'href' in value && 'children' in value;
  if (!isLink || !Array.isArray(value.children)) return value;
  const [first] = value.children as Partial<Inline & { text: string }>[];
  const isBare = first?.kind === 'text' && first.text?.startsWith('https://') === true;
  return isBare ? { ...value, href: '' } : value;
}

it('takes any text and loses no letter of it', () => {
  const pieces = fc.constantFrom(
    ...'* _ ** ` ``` [ ]( ) - > # https://a.b Q | \\'.split(' '),
    '- ',
    '> ',
    '# ',
    '\n',
    ' ',
    '|-|\n',
    'Q|Q\n-|-\n',
    '  ',
    '\n  - ',
    '\n1. ',
    '\t',
    '\n\n',
  );
  const letters = (value: string) => value.match(/Q/g)?.length ?? 0;
  fc.assert(
    fc.property(fc.array(pieces), (parts) => {
      const source = parts.join('');
      expect(letters(JSON.stringify(parseMarkdown(source), withoutShownAddress))).toBe(letters(source));
    }),
    { numRuns: 5_000 },
  );
});

/** Blocks and spans in a tree. */
function countOf(value: unknown): number {
  if (Array.isArray(value)) return value.reduce((sum: number, one) => sum + countOf(one), 0);
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + countOf(Object.values(value));
}

const REPEATED = [
  ...'* [ `a _a [a]( | |- \\|'.split(' '),
  '**a ',
  '> ',
  '- ',
  '- \n',
  '\n',
  '\t- a\n',
  '|a|a\n|-|-\n',
  '1. a\n\n',
  '  |\n',
  '- |a|\n  |-|\n',
  '- a\n      - b\n            - c\n',
];

it.each(REPEATED)('makes of %j, over and over, no more parts than it has letters', (piece) => {
  const source = piece.repeat(Math.ceil(200_000 / piece.length));
  expect(countOf(parseMarkdown(source))).toBeLessThanOrEqual(source.length);
});

it('reads a text with a bar in each of its many columns once', () => {
  const row = '|a'.repeat(20_000);
  const [table] = parseMarkdown(`${row}\n${'|-'.repeat(20_000)}\n${'|a\n'.repeat(20_000)}`);
  expect(countOf(table)).toBeLessThan(70_000);
});
