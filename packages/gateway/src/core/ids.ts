import { randomFillSync } from 'node:crypto';
import { systemClock } from './clock.ts';

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

/** Characters of milliseconds since 1970 in base 62: enough until the year 8888. */
const TIME_CHARACTERS = 8;

/**
 * A new id such as `req_0W4kz1fL…`: prefix, underscore, 22 characters. Always made by the server.
 *
 * Ids of requests begin with the time and end with 14 random characters (83 bits): rows that are written one after
 * the other then stand next to each other in every index. Measured on the ledger, 2026-11-20: 25 µs of CPU for a
 * settled request instead of 44 with ids that are random throughout. All others are random throughout (131 bits).
 */
export function newId(
  prefix: 'req' | 'acc' | 'key' | 'node' | 'dep' | 'job' | 'call' | 'chatcmpl' | 'txn' | 'san' | 'inv',
): string {
  if (prefix === 'req') {
    return `req_${toBase62(systemClock.nowMs(), TIME_CHARACTERS)}${randomBase62(22 - TIME_CHARACTERS)}`;
  }
  return `${prefix}_${randomBase62(22)}`;
}
