/**
 * Reads the part of an ONNX file that this engine needs: the weights, and which node of the graph uses which.
 * ONNX is a protobuf message; field numbers are from onnx/onnx.proto (read 2026-11): ModelProto.graph = 7,
 * GraphProto.node = 1 and .initializer = 5, NodeProto.input = 1 and .name = 3, TensorProto.dims = 1,
 * .data_type = 2, .name = 8, .raw_data = 9.
 *
 * A file may be cut short. Every length in it is compared with the bytes that are really there, so that a bad file
 * ends in an Error. Messages name places and numbers, never text from the file.
 */

export type OnnxTensor = { dimensions: number[]; data: Float32Array };

export type Onnx = {
  /** Weights by name. */
  tensors: Map<string, OnnxTensor>;
  /** Names of the inputs of each node, by the node's name. */
  nodeInputs: Map<string, string[]>;
};

const FLOAT = 1;
const VARINT = 0;
const FIXED_64 = 1;
const BYTES = 2;
const FIXED_32 = 5;

/** `value` is a number of wire type 0, or the content of wire type 2. Other wire types are passed over. */
type Field = { number: number; value: number | Uint8Array };

/** Parses a whole file. Throws an Error that begins with `ONNX:` when the file is not sound. */
export function parseOnnx(bytes: Uint8Array): Onnx {
  const graph = fieldsOf(bytes).find(({ number }) => number === 7)?.value;
  if (!(graph instanceof Uint8Array)) throw new Error('ONNX: the file has no graph');
  const tensors = new Map<string, OnnxTensor>();
  const nodeInputs = new Map<string, string[]>();
  for (const { number, value } of fieldsOf(graph)) {
    if (!(value instanceof Uint8Array)) continue;
    if (number === 1) {
      const node = fieldsOf(value);
      nodeInputs.set(
        textOf(node, 3),
        node.filter((field) => field.number === 1).map((field) => decode(field.value)),
      );
    }
    if (number === 5) {
      const initializer = fieldsOf(value);
      tensors.set(textOf(initializer, 8), readTensor(initializer, tensors.size));
    }
  }
  return { tensors, nodeInputs };
}

function readTensor(fields: readonly Field[], index: number): OnnxTensor {
  const dimensions = fields.filter(({ number }) => number === 1).map(({ value }) => Number(value));
  const type = fields.find(({ number }) => number === 2)?.value;
  const raw = fields.find(({ number }) => number === 9)?.value;
  if (type !== FLOAT || !(raw instanceof Uint8Array)) {
    throw new Error(`ONNX: tensor ${index} is not of raw 32-bit numbers`);
  }
  const length = dimensions.reduce((product, size) => product * size, 1);
  if (raw.length !== length * 4) throw new Error(`ONNX: tensor ${index} has the wrong length`);
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  // ONNX numbers are little-endian and stand at any address.
  const data = new Float32Array(length);
  for (let i = 0; i < length; i++) data[i] = view.getFloat32(i * 4, true);
  return { dimensions, data };
}

function textOf(fields: readonly Field[], number: number): string {
  return decode(fields.find((field) => field.number === number)?.value ?? new Uint8Array(0));
}

function decode(value: number | Uint8Array): string {
  if (typeof value === 'number') throw new Error('ONNX: a number stands where text belongs');
  return new TextDecoder().decode(value);
}

/** The fields of one protobuf message, in order. */
function fieldsOf(bytes: Uint8Array): Field[] {
  const fields: Field[] = [];
  let at = 0;

  function take(length: number): number {
    if (length > bytes.length - at) throw new Error(`ONNX: a message ends too early, at its byte ${at}`);
    at += length;
    return at - length;
  }
  /** Seven bits a byte, the lowest first. Numbers past 2^53 lose their last bits: no size or type is that large. */
  function varint(): number {
    let value = 0;
    for (let scale = 1; scale <= 2 ** 63; scale *= 128) {
      const byte = bytes[take(1)] ?? 0;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
    throw new Error(`ONNX: a number is too long, at byte ${at} of a message`);
  }
  while (at < bytes.length) {
    const key = varint();
    const number = Math.floor(key / 8);
    const wireType = key % 8;
    if (wireType === VARINT) fields.push({ number, value: varint() });
    else if (wireType === BYTES) {
      const length = varint();
      const start = take(length);
      fields.push({ number, value: bytes.subarray(start, start + length) });
    } else if (wireType === FIXED_64) take(8);
    else if (wireType === FIXED_32) take(4);
    else throw new Error(`ONNX: unknown wire type ${wireType}`);
  }
  return fields;
}
