import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseInline, parseMarkdown, type Block, type Inline } from './markdown.ts';

const text = (value: string): Inline => ({ kind: 'text', text: value });

describe('blocks', () => {
  it('reads paragraphs, headings, quotes, lists, rules and code', () => {
    const blocks = parseMarkdown(
      '# Title\nOne\ntwo\n\n> said\n> so\n- a\n- b\n  goes on\n3. c\n4. d\n***\n```ts\nconst a = "**";\n\n- no list\n```\nend',
    );
    expect(blocks).toEqual<Block[]>([
      { kind: 'heading', children: [text('Title')] },
      { kind: 'paragraph', children: [text('One\ntwo')] },
      { kind: 'quote', children: [text('said\nso')] },
      { kind: 'list', ordered: false, start: 1, items: [[text('a')], [text('b\ngoes on')]] },
      { kind: 'list', ordered: true, start: 3, items: [[text('c')], [text('d')]] },
      { kind: 'rule' },
      { kind: 'code', language: 'ts', text: 'const a = "**";\n\n- no list' },
      { kind: 'paragraph', children: [text('end')] },
    ]);
  });

  it('shows a code block that is not closed yet', () => {
    expect(parseMarkdown('```\na')).toEqual([{ kind: 'code', language: '', text: 'a' }]);
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
    '*',
    '_',
    '**',
    '`',
    '```',
    '[',
    '](',
    ')',
    '- ',
    '> ',
    '# ',
    '\n',
    'https://a.b',
    ' ',
    'w',
  );
  const letters = (value: string) => value.match(/w/g)?.length ?? 0;
  fc.assert(
    fc.property(fc.array(pieces), (parts) => {
      const source = parts.join('');
      expect(letters(JSON.stringify(parseMarkdown(source), withoutShownAddress))).toBe(letters(source));
    }),
    { numRuns: 2_000 },
  );
});

it('needs no more than a moment for hostile text', () => {
  for (const piece of ['*', '[', '`a', '_a', '**a ', '[a](', '> ', '- ']) {
    expect(parseMarkdown(piece.repeat(20_000)).length).toBeGreaterThan(0);
  }
});
