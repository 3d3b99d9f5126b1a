import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createEventParser, readEvents, type ServerEvent } from './event-stream.ts';

const STREAM =
  ': keepalive\n\nevent: queued\ndata: {"position":1}\n\ndata: first\r\ndata: second\r\n\r\nid: 7\nretry: 9\ndata\n\n' +
  'event: done\ndata:  für 🦊\n\n';
const EVENTS: ServerEvent[] = [
  { type: 'queued', data: '{"position":1}' },
  { type: 'message', data: 'first\nsecond' },
  { type: 'message', data: '' },
  { type: 'done', data: ' für 🦊' },
];

function parseAll(pieces: readonly string[]): ServerEvent[] {
  const parse = createEventParser();
  return pieces.flatMap((piece) => parse(piece));
}

describe('the parser of event streams', () => {
  it('gives the same events wherever the text is split', () => {
    for (let at = 0; at <= STREAM.length; at += 1) {
      expect(parseAll([STREAM.slice(0, at), STREAM.slice(at)])).toEqual(EVENTS);
    }
    expect(parseAll(Array.from({ length: STREAM.length }, (_, at) => STREAM.charAt(at)))).toEqual(EVENTS);
  });

  it('takes every kind of line end, split anywhere', () => {
    const line = fc.stringMatching(/^[a-z ]{1,8}$/);
    const end = fc.constantFrom('\n', '\r', '\r\n');
    fc.assert(
      fc.property(fc.array(line, { minLength: 1 }), end, fc.nat({ max: 5 }), (lines, newline, size) => {
        const text = `${lines.map((one) => `data: ${one}${newline}`).join('')}${newline}`;
        const pieces = text.match(new RegExp(`[^]{1,${size + 1}}`, 'g')) ?? [];
        // What follows a line that ended with a return decides whether a newline belongs to it.
        expect(parseAll([...pieces, ': end\n'])).toEqual([{ type: 'message', data: lines.join('\n') }]);
      }),
    );
  });

  it('tells nothing of an event that was cut', () => {
    expect(parseAll(['data: half', ' of it\n'])).toEqual([]);
  });

  it('takes any text', () => {
    fc.assert(fc.property(fc.array(fc.string()), (pieces) => void parseAll(pieces)));
  });
});

describe('reading a reply', () => {
  it('decodes letters that are split between two pieces', async () => {
    const bytes = new TextEncoder().encode(STREAM);
    const found: ServerEvent[] = [];
    await readEvents(
      new ReadableStream({
        start(controller) {
          for (const byte of bytes) controller.enqueue(new Uint8Array([byte]));
          controller.close();
        },
      }),
      (events) => found.push(...events),
    );
    expect(found).toEqual(EVENTS);
  });
});
