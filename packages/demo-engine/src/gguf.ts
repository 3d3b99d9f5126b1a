/**
 * Reads GGUF version 3 files (the llama.cpp container of weights, tokenizer and settings; layout from ggml's
 * docs/gguf.md, read 2026-11) with F32 and F16 tensors.
 *
 * A file may be cut short or made to do harm. Every length in it is compared with the bytes that are really
 * there before anything is allocated, so that a bad file costs at most a small multiple of its own size and
 * ends in an Error. Messages name places and numbers, never text from the file.
 */

export type GgufValue = string | number | boolean | GgufValue[];

/** `dimensions` begins with the row length, as in the file; `data` is row after row. */
export type GgufTensor = { dimensions: number[]; data: Float32Array };

export type Gguf = { metadata: Map<string, GgufValue>; tensors: Map<string, GgufTensor> };

const MAGIC = 0x46554747;
const MAX_METADATA_ENTRIES = 4096;
const MAX_TENSORS = 4096;
const MAX_DIMENSIONS = 4;
const MAX_ALIGNMENT_BYTES = 4096;

const STRING_TYPE = 8;
const ARRAY_TYPE = 9;

type Scalar = { bytes: number; read: (view: DataView, at: number) => number | boolean };

const SCALARS: ReadonlyMap<number, Scalar> = new Map<number, Scalar>([
  [0, { bytes: 1, read: (view, at) => view.getUint8(at) }],
  [1, { bytes: 1, read: (view, at) => view.getInt8(at) }],
  [2, { bytes: 2, read: (view, at) => view.getUint16(at, true) }],
  [3, { bytes: 2, read: (view, at) => view.getInt16(at, true) }],
  [4, { bytes: 4, read: (view, at) => view.getUint32(at, true) }],
  [5, { bytes: 4, read: (view, at) => view.getInt32(at, true) }],
  [6, { bytes: 4, read: (view, at) => view.getFloat32(at, true) }],
  [7, { bytes: 1, read: (view, at) => view.getUint8(at) !== 0 }],
  [10, { bytes: 8, read: (view, at) => Number(view.getBigUint64(at, true)) }],
  [11, { bytes: 8, read: (view, at) => Number(view.getBigInt64(at, true)) }],
  [12, { bytes: 8, read: (view, at) => view.getFloat64(at, true) }],
]);

const TENSOR_TYPES: ReadonlyMap<number, { bytes: number; read: (view: DataView, at: number) => number }> =
  new Map([
    [0, { bytes: 4, read: (view: DataView, at: number) => view.getFloat32(at, true) }],
    [1, { bytes: 2, read: (view: DataView, at: number) => halfToNumber(view.getUint16(at, true)) }],
  ]);

/** Parses a whole file. Throws an Error that begins with `GGUF:` when the file is not sound. */
export function parseGguf(bytes: Uint8Array): Gguf {
  const reader = createReader(bytes);
  if (reader.uint32() !== MAGIC) throw new Error('GGUF: not a GGUF file');
  if (reader.uint32() !== 3) throw new Error('GGUF: only version 3 is supported');
  const tensorCount = reader.count(MAX_TENSORS, 'tensors');
  const entryCount = reader.count(MAX_METADATA_ENTRIES, 'metadata entries');

  const metadata = new Map<string, GgufValue>();
  for (let entry = 0; entry < entryCount; entry++) {
    const key = reader.string();
    if (metadata.has(key)) throw new Error(`GGUF: metadata entry ${entry} repeats a key`);
    metadata.set(key, readValue(reader, reader.uint32()));
  }
  const infos = Array.from({ length: tensorCount }, (_, index) => readTensorInfo(reader, index));
  const alignment = metadata.get('general.alignment') ?? 32;
  if (typeof alignment !== 'number' || !(alignment >= 1 && alignment <= MAX_ALIGNMENT_BYTES)) {
    throw new Error('GGUF: the alignment is out of range');
  }
  const dataStart = Math.ceil(reader.position() / alignment) * alignment;
  return { metadata, tensors: readTensors(bytes, infos, dataStart) };
}

/** A cursor that refuses to leave the file. */
function createReader(bytes: Uint8Array) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let at = 0;

  function take(length: number): number {
    if (length > bytes.length - at) throw new Error(`GGUF: the file ends too early, at byte ${at}`);
    at += length;
    return at - length;
  }
  function uint64(): number {
    const value = Number(view.getBigUint64(take(8), true));
    if (!Number.isSafeInteger(value)) throw new Error(`GGUF: a number is too large, before byte ${at}`);
    return value;
  }
  function string(): string {
    const length = uint64();
    const start = take(length);
    try {
      return decoder.decode(bytes.subarray(start, start + length));
    } catch {
      throw new Error(`GGUF: text is not UTF-8, at byte ${start}`);
    }
  }
  return {
    position: () => at,
    uint32: () => view.getUint32(take(4), true),
    uint64,
    string,
    scalar: (type: Scalar) => type.read(view, take(type.bytes)),
    count(limit: number, what: string): number {
      const value = uint64();
      if (value > limit) throw new Error(`GGUF: more than ${limit} ${what}`);
      return value;
    },
    /** The length of a list whose elements take at least `minBytes` each. */
    listLength(minBytes: number): number {
      const length = uint64();
      if (length * minBytes > bytes.length - at) throw new Error(`GGUF: a list is longer than the file`);
      return length;
    },
  };
}

type Reader = ReturnType<typeof createReader>;

function readValue(reader: Reader, type: number): GgufValue {
  if (type === STRING_TYPE) return reader.string();
  if (type !== ARRAY_TYPE) return reader.scalar(scalarType(type));
  const elementType = reader.uint32();
  // Lists of lists are legal GGUF, but no model uses them and they allow endless nesting.
  if (elementType === ARRAY_TYPE) throw new Error('GGUF: lists of lists are not supported');
  if (elementType === STRING_TYPE) {
    return Array.from({ length: reader.listLength(8) }, () => reader.string());
  }
  const scalar = scalarType(elementType);
  return Array.from({ length: reader.listLength(scalar.bytes) }, () => reader.scalar(scalar));
}

function scalarType(type: number): Scalar {
  const scalar = SCALARS.get(type);
  if (scalar === undefined) throw new Error(`GGUF: unknown value type ${type}`);
  return scalar;
}

type TensorInfo = { name: string; dimensions: number[]; type: number; offset: number };

function readTensorInfo(reader: Reader, index: number): TensorInfo {
  const name = reader.string();
  const dimensionCount = reader.uint32();
  if (dimensionCount < 1 || dimensionCount > MAX_DIMENSIONS) {
    throw new Error(`GGUF: tensor ${index} has ${dimensionCount} dimensions`);
  }
  const dimensions = Array.from({ length: dimensionCount }, () => reader.uint64());
  return { name, dimensions, type: reader.uint32(), offset: reader.uint64() };
}

function readTensors(bytes: Uint8Array, infos: TensorInfo[], dataStart: number): Map<string, GgufTensor> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const tensors = new Map<string, GgufTensor>();
  // Tensors that share bytes are refused by this sum: else a small file could ask for thousands of large copies.
  let bytesLeft = bytes.length - dataStart;
  for (const [index, info] of infos.entries()) {
    const type = TENSOR_TYPES.get(info.type);
    if (type === undefined) throw new Error(`GGUF: tensor ${index} has the unsupported type ${info.type}`);
    if (tensors.has(info.name)) throw new Error(`GGUF: tensor ${index} repeats a name`);
    const length = info.dimensions.reduce((product, size) => product * size, 1);
    const start = dataStart + info.offset;
    bytesLeft -= length * type.bytes;
    if (!Number.isSafeInteger(length) || start + length * type.bytes > bytes.length || bytesLeft < 0) {
      throw new Error(`GGUF: tensor ${index} lies outside the file`);
    }
    const data = new Float32Array(length);
    for (let i = 0, at = start; i < length; i++, at += type.bytes) data[i] = type.read(view, at);
    tensors.set(info.name, { dimensions: info.dimensions, data });
  }
  return tensors;
}

/** IEEE 754 binary16, given as its 16 bits. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
