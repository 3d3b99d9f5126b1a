import { crc32, deflateSync } from 'node:zlib';
import { PNG_SIGNATURE } from '../core/png-chunks.ts';

/** Makes PNG files for tests, right ones and wrong ones. */
export function pngChunk(type: string, data: Uint8Array = new Uint8Array(0)): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.byteLength);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, checksum]);
}

export { PNG_SIGNATURE };

export function pngHeader(width: number, height: number): Buffer {
  const data = Buffer.alloc(13);
  data.writeUInt32BE(width, 0);
  data.writeUInt32BE(height, 4);
  // Eight bits, grey.
  data[8] = 8;
  return pngChunk('IHDR', data);
}

/** A whole picture of one grey, which is the seed's last byte. `extra` stands before the pixels. */
export function testPng(
  picture: { width: number; height: number; seed: number },
  extra: Buffer[] = [],
): Buffer {
  const row = Buffer.alloc(picture.width + 1, picture.seed % 256);
  row[0] = 0;
  const pixels = deflateSync(Buffer.concat(Array.from({ length: picture.height }, () => row)));
  return Buffer.concat([
    PNG_SIGNATURE,
    pngHeader(picture.width, picture.height),
    ...extra,
    pngChunk('IDAT', pixels),
    pngChunk('IEND'),
  ]);
}
