/**
 * Headers of a tar archive, in the form that POSIX names ustar; a size of 8 GiB or more is written in base 256, as GNU
 * tar, bsdtar and others read it. Only plain files are known.
 * Source: POSIX.1-2024, pax, "ustar Interchange Format"; GNU tar manual, "Extensions to the tar format"; read 2026-11-21.
 */
export const TAR_BLOCK_BYTES = 512;

export type TarEntry = { name: string; bytes: number };

const NAME = { at: 0, bytes: 100 };
const MODE = { at: 100, bytes: 8 };
const SIZE = { at: 124, bytes: 12 };
const TIME = { at: 136, bytes: 12 };
const CHECKSUM = { at: 148, bytes: 8 };
const TYPE_AT = 156;
const MAGIC = { at: 257, text: 'ustar\u000000' };
const PLAIN_FILE = '0'.charCodeAt(0);
/** The first bit of a size in base 256. */
const BASE_256 = 0x80;
/** Eleven octal digits. */
const OCTAL_SIZE_MAX = 8 ** 11 - 1;

type Field = { at: number; bytes: number };

/** One block. `name`: at most 100 bytes of ASCII. `madeAtMs`: milliseconds since 1970. The file is its owner's alone. */
export function tarHeader({ name, bytes }: TarEntry, madeAtMs: number): Buffer {
  const block = Buffer.alloc(TAR_BLOCK_BYTES);
  block.write(name, NAME.at, NAME.bytes, 'latin1');
  writeOctal(block, MODE, 0o600);
  writeOctal(block, { at: 108, bytes: 8 }, 0);
  writeOctal(block, { at: 116, bytes: 8 }, 0);
  writeSize(block, bytes);
  writeOctal(block, TIME, Math.floor(madeAtMs / 1_000));
  block[TYPE_AT] = PLAIN_FILE;
  block.write(MAGIC.text, MAGIC.at, 'latin1');
  block.write(`${checksum(block).toString(8).padStart(6, '0')}\0 `, CHECKSUM.at, 'latin1');
  return block;
}

/** Undefined: not the header of a plain file, or damaged. `end`: a block of zeros, of which two end an archive. */
export function readTarHeader(block: Buffer): TarEntry | 'end' | undefined {
  if (block.every((byte) => byte === 0)) return 'end';
  const magic = block.toString('latin1', MAGIC.at, MAGIC.at + MAGIC.text.length);
  if (magic !== MAGIC.text || block[TYPE_AT] !== PLAIN_FILE) return undefined;
  if (readOctal(block, CHECKSUM) !== checksum(block)) return undefined;
  const bytes = readSize(block);
  const name = textOf(block, NAME);
  return bytes === undefined || name === '' ? undefined : { name, bytes };
}

/** Zeros that follow a file, up to the next whole block. */
export function tarPadding(bytes: number): number {
  return (TAR_BLOCK_BYTES - (bytes % TAR_BLOCK_BYTES)) % TAR_BLOCK_BYTES;
}

/** The sum of all bytes, those of the checksum itself taken as spaces. */
function checksum(block: Buffer): number {
  let sum = 0;
  for (const [at, byte] of block.entries()) {
    sum += at >= CHECKSUM.at && at < CHECKSUM.at + CHECKSUM.bytes ? 0x20 : byte;
  }
  return sum;
}

function writeOctal(block: Buffer, { at, bytes }: Field, value: number): void {
  block.write(value.toString(8).padStart(bytes - 1, '0'), at, bytes - 1, 'latin1');
}

function readOctal(block: Buffer, field: Field): number | undefined {
  const text = textOf(block, field).trim();
  return /^[0-7]+$/.test(text) ? Number.parseInt(text, 8) : undefined;
}

function writeSize(block: Buffer, value: number): void {
  if (value <= OCTAL_SIZE_MAX) {
    writeOctal(block, SIZE, value);
    return;
  }
  block[SIZE.at] = BASE_256;
  block.writeBigUInt64BE(BigInt(value), SIZE.at + SIZE.bytes - 8);
}

function readSize(block: Buffer): number | undefined {
  if (block[SIZE.at] !== BASE_256) return readOctal(block, SIZE);
  const value = Number(block.readBigUInt64BE(SIZE.at + SIZE.bytes - 8));
  return Number.isSafeInteger(value) ? value : undefined;
}

/** Up to the first zero. */
function textOf(block: Buffer, { at, bytes }: Field): string {
  const text = block.toString('latin1', at, at + bytes);
  const end = text.indexOf('\0');
  return end < 0 ? text : text.slice(0, end);
}
