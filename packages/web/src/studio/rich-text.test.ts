import * as fc from 'fast-check';
import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { expect, it } from 'vitest';
import { RichText } from './rich-text.tsx';

const htmlOf = (text: string): string => renderToStaticMarkup(createElement(RichText, { text }));

it('draws tables with names of columns, and lists in lists', () => {
  const html = htmlOf('| a | |\n|---|--:|\n| 1 | 2 |\n\n- b\n  1. c');
  expect(html).toMatch(/<th scope="col" [^>]*>a<\/th><th scope="col" [^>]*><\/th>/);
  expect(html).toMatch(/<td [^>]*text-right[^>]*>2<\/td>/);
  expect(html).toMatch(/<ul [^>]*><li [^>]*><div [^>]*><p [^>]*>b<\/p><ol [^>]*>/);
});

/** What the page itself makes. `svg`, `path` and `button` are of the button that copies code. */
const ELEMENTS = new Set(
  'div p blockquote hr ul ol li table thead tbody tr th td code strong em a figure figcaption pre span button svg path'.split(
    ' ',
  ),
);
const ATTRIBUTES =
  /^(class|start|scope|href|target|rel|role|tabindex|aria-[a-z]+|type|width|height|viewbox|fill|stroke|stroke-[a-z]+|d)$/i;

const HOSTILE = [
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '</td></table>',
  '"',
  "'",
  '&lt;',
  '<!--',
  'onclick="x"',
  '[a](',
  'javascript:alert(1)',
  'https://a.b/"onload=x',
  ')',
  '`',
  '**',
  '|',
  '\n|-|-|\n',
  '\n- ',
  '\n  1. ',
  '\n',
  '\n```"x\n',
];

it('makes no element and no attribute of hostile text', () => {
  const pieces = fc.constantFrom(...HOSTILE);
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 40 }), (parts) => {
      const html = htmlOf(parts.join(''));
      for (const [, name = '', attributes = ''] of html.matchAll(/<([a-z!?][^\s>]*)((?:\s[^>]*)?)>/gi)) {
        expect(ELEMENTS.has(name.replace('/', ''))).toBe(true);
        for (const [, attribute = ''] of attributes.matchAll(/\s([^\s=]+)="[^"]*"/g))
          expect(attribute).toMatch(ATTRIBUTES);
      }
      for (const [, href = ''] of html.matchAll(/href="([^"]*)"/g)) expect(href).toMatch(/^https:/);
    }),
    { numRuns: 1_000 },
  );
});
