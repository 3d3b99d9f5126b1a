import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SseProblem } from './sse-lines.ts';
import { createSseLineReader, parseSseLine } from './sse-lines.ts';

type Seen = { lines: string[]; problem: SseProblem | undefined };

function readAll(pieces: Uint8Array[], maxLineBytes = 64): Seen {
  const reader = createSseLineReader(maxLineBytes);
  const seen: Seen = { lines: [], problem: undefined };
  for (const read of [...pieces.map((piece) => reader.push(piece)), reader.end()]) {
    seen.lines.push(...read.lines);
    seen.problem ??= read.problem;
  }
  return seen;
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('createSseLineReader', () => {
  it.each<[string, string, string[]]>([
    ['line feeds', 'data: a\n\ndata: b\n\n', ['data: a', 'data: b']],
    ['carriage returns with line feeds', 'data: a\r\n\r\ndata: b\r\n', ['data: a', 'data: b']],
    ['carriage returns alone', 'data: a\r\rdata: b\r', ['data: a', 'data: b']],
    ['a last line without an end', 'data: a\n\ndata: [DONE]', ['data: a', 'data: [DONE]']],
    ['a byte order mark', '\uFEFFdata: a\n', ['data: a']],
    ['letters of several bytes', 'data: äöü€😀\n', ['data: äöü€😀']],
    ['comments and empty lines', ': ping\n\n\n\n:\n', [': ping', ':']],
    ['nothing', '', []],
  ])('reads %s the same at every byte split', (_name, text, lines) => {
    const bytes = bytesOf(text);
    for (let first = 0; first <= bytes.length; first++) {
      for (let second = first; second <= bytes.length; second++) {
        const pieces = [bytes.subarray(0, first), bytes.subarray(first, second), bytes.subarray(second)];
        expect(readAll(pieces)).toEqual({ lines, problem: undefined });
      }
    }
  });

  it('gives the lines before a line that is too long, then nothing more', () => {
    const bytes = bytesOf(`data: a\ndata: ${'x'.repeat(80)}\ndata: b\n`);
    for (let split = 0; split <= bytes.length; split++) {
      const seen = readAll([bytes.subarray(0, split), bytes.subarray(split)]);
      expect(seen).toEqual({ lines: ['data: a'], problem: 'line-too-long' });
    }
  });

  it('does not hold more of an unfinished line than it may', () => {
    const reader = createSseLineReader(64);
    expect(reader.push(bytesOf('x'.repeat(64))).problem).toBeUndefined();
    expect(reader.push(bytesOf('x')).problem).toBe('line-too-long');
    expect(reader.push(bytesOf('\ndata: b\n')).lines).toEqual([]);
  });

  it('takes a line of exactly the greatest size', () => {
    expect(readAll([bytesOf(`${'x'.repeat(64)}\n`)])).toEqual({
      lines: ['x'.repeat(64)],
      problem: undefined,
    });
  });

  it('stops at bytes that are no UTF-8', () => {
    const bytes = new Uint8Array([...bytesOf('data: a\ndata: '), 0xff, ...bytesOf('\ndata: b\n')]);
    for (let split = 0; split <= bytes.length; split++) {
      const seen = readAll([bytes.subarray(0, split), bytes.subarray(split)]);
      expect(seen).toEqual({ lines: ['data: a'], problem: 'invalid-utf8' });
    }
  });

  it('does not depend on how any bytes are cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 }),
        fc.array(fc.nat(), { maxLength: 12 }),
        (chunks, cuts) => {
          const bytes = Uint8Array.from(chunks.flatMap((chunk) => [...chunk]));
          const marks = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort(
            (a, b) => a - b,
          );
          const pieces = marks.slice(1).map((mark, index) => bytes.subarray(marks[index], mark));
          expect(readAll(pieces)).toEqual(readAll([bytes]));
        },
      ),
    );
  });

  it('does not keep the buffer it was given', () => {
    const reader = createSseLineReader(64);
    const shared = bytesOf('data: a');
    reader.push(shared);
    shared.fill(0x7a);
    expect(reader.push(bytesOf('\n')).lines).toEqual(['data: a']);
  });
});

describe('parseSseLine', () => {
  it.each([
    ['data: {"a":1}', { kind: 'data', value: '{"a":1}' }],
    ['data:{"a":1}', { kind: 'data', value: '{"a":1}' }],
    ['data:  two spaces', { kind: 'data', value: ' two spaces' }],
    ['error: {"code":500}', { kind: 'error', value: '{"code":500}' }],
    [': keepalive', { kind: 'comment' }],
    [':', { kind: 'comment' }],
    ['event: message', { kind: 'other' }],
    ['retry: 10', { kind: 'other' }],
    ['data', { kind: 'other' }],
    ['{"error":"x"}', { kind: 'other' }],
  ])('reads %s', (line, expected) => {
    expect(parseSseLine(line)).toEqual(expected);
  });
});
