import { randomFillSync } from 'node:crypto';

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

const pool = Buffer.alloc(8192);
let poolAt = pool.length;

/**
 * `length` characters of 0-9A-Za-z from the operating system's random source, each equally likely
 * (bytes of 248 and more are thrown away, 248 = 4 x 62). One character holds 5.95 bits.
 */
export function randomBase62(length: number): string {
  let text = '';
  while (text.length < length) {
    if (poolAt === pool.length) {
      randomFillSync(pool);
      poolAt = 0;
    }
    const byte = pool[poolAt++] ?? 255;
    if (byte < 248) text += BASE62.charAt(byte % 62);
  }
  return text;
}

/** Writes a whole number in base 62, padded on the left with zeros to `width`. */
export function toBase62(value: number, width: number): string {
  let rest = value;
  let text = '';
  do {
    text = BASE62.charAt(rest % 62) + text;
    rest = Math.floor(rest / 62);
  } while (rest > 0);
  return text.padStart(width, '0');
}

/** A new id such as `req_3kT…`: prefix, underscore, 22 random characters (131 bits). Always made by the server. */
export function newId(prefix: 'req' | 'acc' | 'key' | 'node' | 'job' | 'call' | 'chatcmpl' | 'txn'): string {
  return `${prefix}_${randomBase62(22)}`;
}
