import { expect, it } from 'vitest';
import { markdown } from './markdown.ts';
import { findingsOf } from './plant.ts';

const guide = '# Guide\n\n## Start & stop `now`\n\n## Twice\n\n## Twice\n';

it.each([
  ['a file', '[x](docs/guide.md)', 0],
  ['a missing file', '[x](docs/guide.md) [y](docs/gone.md)', 1],
  ['a folder', '[x](docs/guide.md) [y](docs/) [z](docs)', 0],
  ['a heading', '[x](docs/guide.md#start--stop-now)', 0],
  ['the second of two equal headings', '[x](docs/guide.md#twice-1)', 0],
  ['a missing heading', '[x](docs/guide.md#twice-2)', 1],
  ['an own heading', '# Top\n[x](#top) [y](docs/guide.md)', 0],
  ['a missing own heading', '# Top\n[x](#bottom) [y](docs/guide.md)', 1],
  ['a missing picture', '![x](docs/a.png) [y](docs/guide.md)', 1],
  ['another site', '[x](https://x.example/a.md) [y](docs/guide.md) [z](mailto:a@x.example)', 0],
  ['inside code', '`[x](gone.md)` [y](docs/guide.md)\n```\n[z](gone.md)\n```\n', 0],
  ['a page without a link to it', 'nothing', 1],
])('%s', (_name, readme, faults) => {
  expect(findingsOf(markdown, { 'README.md': readme, 'docs/guide.md': guide })).toHaveLength(faults);
});

it('resolves from the folder of the page and says where', () => {
  const texts = {
    'README.md': '[x](docs/guide.md)',
    'docs/guide.md': `${guide}\n[up](../README.md) [x](README.md)\n`,
  };
  expect(findingsOf(markdown, texts)).toEqual(['docs/guide.md:9 link to README.md: there is no such file']);
});
