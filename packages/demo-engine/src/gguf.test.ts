import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseGguf } from './gguf.ts';
import { loadModel } from './model.ts';
import { readModelFile } from './testing/demo-fixtures.ts';

const file = readModelFile('Mote-1.3M-Chat-v1.0-F16.gguf');

type Piece = string | { u32: number } | { u64: bigint } | Uint8Array;

/** A small file, piece by piece. */
function build(parts: Piece[]): Uint8Array {
  const chunks = parts.map((part) => {
    if (part instanceof Uint8Array) return part;
    const view = new DataView(new ArrayBuffer(8));
    if (typeof part === 'string') {
      view.setBigUint64(0, BigInt(part.length), true);
      return new Uint8Array([...new Uint8Array(view.buffer), ...new TextEncoder().encode(part)]);
    }
    if ('u32' in part) {
      view.setUint32(0, part.u32, true);
      return new Uint8Array(view.buffer, 0, 4);
    }
    view.setBigUint64(0, part.u64, true);
    return new Uint8Array(view.buffer);
  });
  return new Uint8Array(chunks.flatMap((chunk) => [...chunk]));
}

const start = (tensors: bigint, entries: bigint) => [
  { u32: 0x46554747 },
  { u32: 3 },
  { u64: tensors },
  { u64: entries },
];
const entry = (key: string, u32: number, ...value: Piece[]): Piece[] => [key, { u32 }, ...value];
const tensor = (name: string, size: bigint, offset: bigint) => [
  name,
  { u32: 1 },
  { u64: size },
  { u32: 0 },
  { u64: offset },
];

test('reads values, lists and tensors', () => {
  const head = build([
    ...start(1n, 3n),
    ...entry('text', 8, 'value'),
    ...entry('list', 9, { u32: 4 }, { u64: 2n }, { u32: 7 }, { u32: 8 }),
    ...entry('flag', 7, new Uint8Array([1])),
    ...tensor('t', 2n, 0n),
  ]);
  const padded = new Uint8Array(Math.ceil(head.length / 32) * 32 + 8);
  padded.set(head);
  new DataView(padded.buffer).setFloat32(padded.length - 8, 1.5, true);
  new DataView(padded.buffer).setFloat32(padded.length - 4, -2, true);
  const { metadata, tensors } = parseGguf(padded);
  expect([...metadata]).toEqual([
    ['text', 'value'],
    ['list', [7, 8]],
    ['flag', true],
  ]);
  expect(tensors.get('t')).toEqual({ dimensions: [2], data: new Float32Array([1.5, -2]) });
});

test.each<[string, Uint8Array, RegExp]>([
  ['nothing', new Uint8Array(0), /ends too early/],
  ['another kind of file', build([{ u32: 1 }, { u32: 3 }]), /not a GGUF file/],
  ['another version', build([{ u32: 0x46554747 }, { u32: 2 }]), /version 3/],
  ['too many tensors', build(start(1n << 40n, 0n)), /more than 4096 tensors/],
  ['too many entries', build(start(0n, 1n << 40n)), /more than 4096 metadata/],
  ['a number past 2^53', build(start(1n << 60n, 0n)), /too large/],
  ['text longer than the file', build([...start(0n, 1n), { u64: 1n << 50n }]), /ends too early/],
  [
    'a list longer than the file',
    build([...start(0n, 1n), 'k', { u32: 9 }, { u32: 0 }, { u64: 1n << 50n }]),
    /list/,
  ],
  ['a list of lists', build([...start(0n, 1n), 'k', { u32: 9 }, { u32: 9 }, { u64: 1n }]), /lists of lists/],
  ['an unknown type', build([...start(0n, 1n), 'k', { u32: 99 }]), /unknown value type 99/],
  ['a key twice', build([...start(0n, 2n), 'k', { u32: 8 }, '', 'k', { u32: 8 }, '']), /repeats a key/],
  ['a bad alignment', build([...start(0n, 1n), 'general.alignment', { u32: 4 }, { u32: 0 }]), /alignment/],
  ['a tensor outside the file', build([...start(1n, 0n), ...tensor('t', 1n << 40n, 0n)]), /outside the file/],
  [
    'a tensor past 2^53',
    build([
      ...start(1n, 0n),
      't',
      { u32: 2 },
      { u64: 1n << 50n },
      { u64: 1n << 50n },
      { u32: 0 },
      { u64: 0n },
    ]),
    /outside the file/,
  ],
])('refuses %s', (_name, bytes, message) => {
  expect(() => parseGguf(bytes)).toThrow(message);
});

test('tensors that share their bytes are refused', () => {
  const head = build([...start(2n, 0n), ...tensor('a', 8n, 0n), ...tensor('b', 8n, 0n)]);
  const padded = new Uint8Array(Math.ceil(head.length / 32) * 32 + 32);
  padded.set(head);
  expect(() => parseGguf(padded)).toThrow(/outside the file/);
});

test('a file cut anywhere is refused', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: file.length - 1 }), (length) => {
      expect(() => parseGguf(file.subarray(0, length))).toThrow(/^GGUF: /);
    }),
    { numRuns: 200 },
  );
});

test('damaged bytes give a model or a clear Error, never another failure', () => {
  // The first 32 KiB hold all tables; damage in the weights behind them is only a worse model.
  const damage = fc.array(fc.tuple(fc.integer({ min: 0, max: 32_768 }), fc.integer({ min: 0, max: 255 })), {
    minLength: 1,
    maxLength: 8,
  });
  fc.assert(
    fc.property(damage, (changes) => {
      const damaged = new Uint8Array(file);
      for (const [at, value] of changes) damaged[at] = value;
      try {
        loadModel(damaged);
      } catch (error) {
        expect(String(error)).toMatch(/^Error: (GGUF|model|tokenizer): /);
      }
    }),
    { numRuns: 60 },
  );
});
