import fc from 'fast-check';
import { expect, test } from 'vitest';
import { loadImageModel } from './model.ts';
import { parseOnnx } from './onnx.ts';
import { readModelFile, readModelText } from './testing/image-fixtures.ts';

const varint = (value: number): number[] =>
  value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
const number = (field: number, value: number): number[] => [field * 8, ...varint(value)];
const bytes = (field: number, content: number[]): number[] => [
  field * 8 + 2,
  ...varint(content.length),
  ...content,
];
const text = (field: number, content: string): number[] => bytes(field, [...Buffer.from(content)]);
const floats = (...values: number[]): number[] => [...new Uint8Array(Float32Array.from(values).buffer)];

const node = bytes(1, [...text(1, 'x'), ...text(1, 'weights'), ...text(2, 'y'), ...text(3, '/a/Mul')]);
const tensor = [...number(1, 1), ...number(1, 2), ...number(2, 1)];
const file = (...graph: number[][]) =>
  Uint8Array.from([...number(1, 7), ...text(2, 'maker'), ...bytes(7, graph.flat())]);
const sound = file(node, bytes(5, [...tensor, ...text(8, 'weights'), ...bytes(9, floats(1.5, -2))]));

test('reads weights and the inputs of nodes', () => {
  const { tensors, nodeInputs } = parseOnnx(sound);
  expect([...tensors]).toEqual([['weights', { dimensions: [1, 2], data: Float32Array.of(1.5, -2) }]]);
  expect([...nodeInputs]).toEqual([['/a/Mul', ['x', 'weights']]]);
});

test.each<[string, Uint8Array, RegExp]>([
  ['nothing', new Uint8Array(0), /no graph/],
  ['a number for the graph', Uint8Array.from(number(7, 1)), /no graph/],
  ['a number that does not end', new Uint8Array(20).fill(255), /too long/],
  ['an unknown wire type', Uint8Array.of(7), /wire type 7/],
  ['more bytes announced than there are', Uint8Array.of(58, 255, 255, 255, 255, 15), /too early/],
  ['weights of another type', file(bytes(5, [...number(1, 1), ...number(2, 10)])), /tensor 0 is not of raw/],
  ['fewer weights than dimensions', file(bytes(5, [...tensor, ...bytes(9, floats(1))])), /wrong length/],
  ['huge dimensions', file(bytes(5, [...number(1, 2 ** 52), ...tensor, ...bytes(9, [])])), /wrong length/],
  ['a number for a name', file(bytes(1, number(3, 5))), /where text belongs/],
])('%s is refused', (_, damaged, message) => {
  expect(() => parseOnnx(damaged)).toThrow(message);
});

test('a damaged file ends in an error of this module or is read', () => {
  const damages = fc.array(
    fc.record({ at: fc.nat(sound.length - 1), value: fc.integer({ min: 0, max: 255 }) }),
  );
  fc.assert(
    fc.property(damages, fc.nat(sound.length), (changes, length) => {
      const damaged = sound.slice(0, length);
      for (const { at, value } of changes) damaged.fill(value, at, at + 1);
      try {
        parseOnnx(damaged);
      } catch (error) {
        expect(String(error)).toMatch(/^Error: ONNX: /);
      }
    }),
  );
});

test('a file of another network is no model', () => {
  const vocabulary = readModelText('vocab.json');
  expect(() => loadImageModel(sound, vocabulary)).toThrow('model: tensor emb.weight is missing');
  const shipped = readModelFile('pix-1.0M-v0.2.onnx');
  expect(() => loadImageModel(shipped.slice(0, -1), vocabulary)).toThrow(/^ONNX: /);
  const smaller = vocabulary.replace('"<pad>", ', '');
  expect(() => loadImageModel(shipped, smaller)).toThrow('model: tensor emb.weight has the wrong shape');
});
