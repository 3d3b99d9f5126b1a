import { expect, test } from 'vitest';
import { handbookNav, pageContents, searchPage } from './handbook-nav.ts';
import { searchSections, sectionsOf } from './handbook-sections.ts';

const money = sectionsOf(
  'money',
  '# Money\n\nA *balance*.\n\n## Holds\n\nA hold is [set](x.md) aside.\n\n## Holds\n\nTwice.\n',
);
const nodes = sectionsOf(
  'nodes',
  '# Nodes\n\nA node earns money.\n\n```sh\nswitchyard node add\n```\n\n| a | b |\n|---|---|\n| c | hold |\n',
);

test('a page is its headings with the text below each', () => {
  expect(money.map(({ heading, depth, anchor, text }) => [heading, depth, anchor, text.trim()])).toEqual([
    ['Money', 1, 'money', 'A balance.'],
    ['Holds', 2, 'holds', 'A hold is set aside.'],
    ['Holds', 2, 'holds-1', 'Twice.'],
  ]);
});

test.each([
  ['hold', ['holds', 'holds-1', 'nodes']],
  ['HOLD aside', ['holds']],
  ['node add', ['nodes']],
  ['money', ['money', 'holds', 'holds-1', 'nodes']],
  ['nowhere', []],
  ['  ', []],
])('finds what holds every word of %j, headings first', (question, anchors) => {
  expect(searchSections([...nodes, ...money], question).map(({ anchor }) => anchor)).toEqual(anchors);
});

test('shows a hostile question as text', () => {
  const page = searchPage(searchSections(money, 'hold'), '<img src=x>"');
  expect(page).not.toContain('<img');
  expect(page).toContain('/docs/guide/money#holds');
  const titles = new Map([
    ['README', 'Documentation'],
    ['money', 'Money <b>'],
    ['new', 'New'],
    ['clients/curl', 'curl'],
  ]);
  const nav = handbookNav(titles, '/docs/guide/money', '"><script>');
  expect(nav).not.toMatch(/<script|<b>/);
  expect(nav).toContain('<a href="/docs/guide/money" aria-current="page">');
  for (const name of ['new', 'clients/curl']) expect(nav).toContain(`href="/docs/guide/${name}"`);
});

test('a short page has no list of its headings', () => {
  expect(pageContents(money)).toBe('');
  const long = sectionsOf('a', '# A\n\n## B\n\n## C\n\n### D\n\n## E\n\n## F\n');
  expect(pageContents(long).match(/href="#\w"/g)).toEqual([
    'href="#b"',
    'href="#c"',
    'href="#e"',
    'href="#f"',
  ]);
});
