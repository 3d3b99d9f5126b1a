/**
 * A model file of two steps: the mean of each colour of a picture `[1, 3, side, side]`, as `[1, 3]`. So its first output
 * is how red the picture is. ONNX is a protobuf message; field numbers are from onnx/onnx.proto (read 2026-11).
 */
export function tinyOnnx(side: number): Buffer {
  const graph = [
    bytes(1, node('GlobalAveragePool', 'picture', 'means')),
    bytes(1, node('Flatten', 'means', 'colours')),
    text(2, 'tiny'),
    bytes(11, tensor('picture', [1, 3, side, side])),
    bytes(12, tensor('colours', [1, 3])),
  ];
  const IR_VERSION = 8;
  const OPERATORS = 13;
  return Buffer.concat([
    number(1, IR_VERSION),
    bytes(7, Buffer.concat(graph)),
    bytes(8, number(2, OPERATORS)),
  ]);
}

function node(operator: string, input: string, output: string): Buffer {
  return Buffer.concat([text(1, input), text(2, output), text(4, operator)]);
}

function tensor(name: string, sides: readonly number[]): Buffer {
  const FLOAT = 1;
  const shape = Buffer.concat(sides.map((side) => bytes(1, number(1, side))));
  const type = bytes(1, Buffer.concat([number(1, FLOAT), bytes(2, shape)]));
  return Buffer.concat([text(1, name), bytes(2, type)]);
}

const number = (field: number, value: number): Buffer => Buffer.concat([varint(field * 8), varint(value)]);

const bytes = (field: number, value: Buffer): Buffer =>
  Buffer.concat([varint(field * 8 + 2), varint(value.byteLength), value]);

const text = (field: number, value: string): Buffer => bytes(field, Buffer.from(value));

function varint(value: number): Buffer {
  const parts: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) parts.push((rest % 128) + 128);
  return Buffer.from([...parts, rest]);
}
