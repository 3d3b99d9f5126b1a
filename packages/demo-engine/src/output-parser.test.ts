import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createOutputParser } from './output-parser.ts';
import { mergeEvents } from './testing/demo-fixtures.ts';
import type { Marker } from './tokenizer.ts';
import type { DemoEvent } from './types.ts';

type Part = { marker: Marker } | Uint8Array;

const marker = (name: Marker): Part => ({ marker: name });
const text = (content: string): Part => new TextEncoder().encode(content);

function parse(parts: readonly Part[], toolCalls = true): DemoEvent[] {
  const parser = createOutputParser({ toolCalls });
  const events = parts.flatMap((part) =>
    part instanceof Uint8Array ? parser.pushBytes(part) : parser.pushMarker(part.marker),
  );
  return mergeEvents([...events, ...parser.end()]);
}

const callParts = (json: string) => [marker('<tool_call>'), text(`\n${json}\n`), marker('</tool_call>')];
const call = (index: number, name: string, argumentsText: string): DemoEvent => ({
  type: 'tool-call',
  index,
  name,
  argumentsText,
});
const said = (content: string): DemoEvent => ({ type: 'text', text: content });
const good = '{"name": "go", "arguments": {"to": "x"}}';

test.each<[string, Part[], DemoEvent[]]>([
  ['plain text', [text('Hel'), text('lo\n')], [said('Hello\n')]],
  [
    'reasoning and an answer',
    [marker('<think>'), text('\nOne.\n'), text('Two.\n'), marker('</think>'), text('\n\nThree.')],
    [{ type: 'reasoning', text: 'One.\nTwo.' }, said('Three.')],
  ],
  ['reasoning without an end', [marker('<think>'), text('\nOne.')], [{ type: 'reasoning', text: 'One.' }]],
  ['a call', callParts(good), [call(0, 'go', '{"to":"x"}')]],
  [
    'text and two calls',
    [text('Wait.\n'), ...callParts(good), text('\n'), ...callParts(good)],
    [said('Wait.'), call(0, 'go', '{"to":"x"}'), call(1, 'go', '{"to":"x"}')],
  ],
  ['a call without arguments', callParts('{"name": "go"}'), [call(0, 'go', '{}')]],
  [
    'a call without its end, but complete',
    [marker('<tool_call>'), text(good)],
    [call(0, 'go', '{"to":"x"}')],
  ],
  ['a call cut short', [text('A\n'), marker('<tool_call>'), text('\n{"na')], [said('A\n<tool_call>\n{"na')]],
  ['JSON that is none', callParts('{"name": go}'), [said('<tool_call>\n{"name": go}\n</tool_call>')]],
  ['a call that is a list', callParts('[]'), [said('<tool_call>\n[]\n</tool_call>')]],
  ['a name that is no text', callParts('{"name": 1}'), [said('<tool_call>\n{"name": 1}\n</tool_call>')]],
  [
    'arguments that are no object',
    callParts('{"name": "go", "arguments": "x"}'),
    [said('<tool_call>\n{"name": "go", "arguments": "x"}\n</tool_call>')],
  ],
  [
    'a marker in letters only',
    [text(`<tool_call>${good}</tool_call>`)],
    [said(`<tool_call>${good}</tool_call>`)],
  ],
  [
    'an end without a beginning',
    [text('a'), marker('</think>'), text('b'), marker('</tool_call>')],
    [said('a</think>b</tool_call>')],
  ],
  ['bytes that are no UTF-8', [new Uint8Array([97, 0xf0, 0x9f]), text('b')], [said('a\ufffdb')]],
  ['a byte order mark', [text('\ufeffa')], [said('\ufeffa')]],
])('%s', (_name, parts, expected) => {
  expect(parse(parts)).toEqual(expected);
});

test('without tools a call is text', () => {
  expect(parse(callParts(good), false)).toEqual([said(`<tool_call>\n${good}\n</tool_call>`)]);
});

test('a call that never ends is given out as text', () => {
  const events = parse([marker('<tool_call>'), text('x'.repeat(70_000)), text('yz')]);
  expect(events).toEqual([said(`<tool_call>${'x'.repeat(70_000)}yz`)]);
});

test('text goes out at once, line feeds wait', () => {
  const parser = createOutputParser({ toolCalls: true });
  expect(parser.pushBytes(new TextEncoder().encode('a <tool'))).toEqual([said('a <tool')]);
  expect(parser.pushBytes(new TextEncoder().encode('b\n'))).toEqual([said('b')]);
  expect(parser.pushBytes(new TextEncoder().encode('c'))).toEqual([said('\nc')]);
});

const anyPart = fc.oneof(
  fc.constantFrom<Marker>('<think>', '</think>', '<tool_call>', '</tool_call>', '<tools>').map(marker),
  fc.constantFrom(good, '{"name"', '\n', '\n\n', '<think>').map(text),
  fc.string({ unit: 'binary', maxLength: 8 }).map(text),
  fc.uint8Array({ maxLength: 6 }),
);

test('the cut of the bytes makes no difference', () => {
  fc.assert(
    fc.property(
      fc.array(anyPart, { maxLength: 12 }),
      fc.integer({ min: 1, max: 4 }),
      fc.boolean(),
      (parts, size, tools) => {
        const whole = joinNeighbours(parts);
        const cut = whole.flatMap((part): Part[] =>
          part instanceof Uint8Array ? chunks(part, size) : [part],
        );
        expect(parse(cut, tools)).toEqual(parse(whole, tools));
      },
    ),
    { numRuns: 500 },
  );
});

test('apart from line feeds and good calls nothing is lost', () => {
  fc.assert(
    fc.property(fc.array(anyPart, { maxLength: 12 }), (parts) => {
      const events = parse(parts, false).map((event) => (event.type === 'tool-call' ? '' : event.text));
      const sent = joinNeighbours(parts).map((part) =>
        part instanceof Uint8Array ? new TextDecoder('utf-8', { ignoreBOM: true }).decode(part) : part.marker,
      );
      const bare = (content: string) => content.replaceAll('\n', '').replaceAll(/<\/?think>/g, '');
      expect(bare(events.join(''))).toBe(bare(sent.join('')));
    }),
  );
});

function joinNeighbours(parts: readonly Part[]): Part[] {
  const joined: Part[] = [];
  for (const part of parts) {
    const last = joined.at(-1);
    if (part instanceof Uint8Array && last instanceof Uint8Array)
      joined[joined.length - 1] = new Uint8Array([...last, ...part]);
    else joined.push(part);
  }
  return joined;
}

function chunks(bytes: Uint8Array, size: number): Uint8Array[] {
  const count = Math.ceil(bytes.length / size);
  return Array.from({ length: count }, (_, index) => bytes.subarray(index * size, (index + 1) * size));
}
