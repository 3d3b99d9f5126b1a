import { hash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { randomBase62, toBase62 } from '../core/ids.ts';

/**
 * The secrets that Switchyard gives out, each kind with its own beginning so that people, logs and secret scanners
 * can tell them apart:
 *
 *   API key      `sk-<brand>-` + 40 random base62 characters (238 bits) + 6 checksum characters
 *   admin key    `ak-<brand>-` + the same
 *   node token   `nk_` + 8 characters of key id + `_` + 43 random base62 characters (256 bits)
 *
 * The checksum is the CRC32 of all that stands before it, in base62. It is no protection: it lets typing errors and
 * scanners' junk be refused before any look-up. The same idea as GitHub's token format (github.blog, 2021-04-05).
 */

/** A text that has passed one of the parsers below: right beginning, length, alphabet and checksum. */
declare const parsedBrand: unique symbol;
export type ParsedSecret = string & { readonly [parsedBrand]: true };

/** The SHA-256 of a secret in base64 (44 characters). All that is ever kept of a secret. */
declare const digestBrand: unique symbol;
export type SecretDigest = string & { readonly [digestBrand]: true };

const RANDOM_CHARS = 40;
const CHECKSUM_CHARS = 6;
const SECRET_CHARS = RANDOM_CHARS + CHECKSUM_CHARS;

const NODE_KID_CHARS = 8;
const NODE_TOKEN_SHAPE = /^nk_[0-9A-Za-z]{8}_[0-9A-Za-z]{43}$/;

/** The beginning of API keys. `brand` is `brand.keyPrefix` of the configuration: `acme` gives `sk-acme-`. */
export function apiKeyPrefix(brand: string): string {
  return `sk-${brand}-`;
}

/** The beginning of admin keys: `acme` gives `ak-acme-`. */
export function adminKeyPrefix(brand: string): string {
  return `ak-${brand}-`;
}

/** A new API key or admin key. `prefix` is all that stands before the random part, its last hyphen included. */
export function createApiKeySecret(prefix: string): ParsedSecret {
  const body = prefix + randomBase62(RANDOM_CHARS);
  return (body + checksum(body)) as ParsedSecret;
}

/**
 * Checks the shape of an API key: beginning, length, alphabet, checksum. Gives undefined for all else.
 * Touches no store and never throws, so that junk costs next to nothing.
 */
export function parseApiKey(text: string, prefix: string): ParsedSecret | undefined {
  if (text.length !== prefix.length + SECRET_CHARS || !text.startsWith(prefix)) return undefined;
  if (!isBase62(text, prefix.length)) return undefined;
  const checksumAt = text.length - CHECKSUM_CHARS;
  if (checksum(text.slice(0, checksumAt)) !== text.slice(checksumAt)) return undefined;
  return text as ParsedSecret;
}

/** A new node token. `kid` may be shown: it tells the tokens of a node apart. */
export function createNodeToken(): { token: ParsedSecret; kid: string } {
  const kid = randomBase62(NODE_KID_CHARS);
  return { token: `nk_${kid}_${randomBase62(43)}` as ParsedSecret, kid };
}

/** Checks the shape of a node token. Gives undefined for all else, never throws. */
export function parseNodeToken(text: string): ParsedSecret | undefined {
  return NODE_TOKEN_SHAPE.test(text) ? (text as ParsedSecret) : undefined;
}

/**
 * SHA-256. A slow hash would only burn CPU here: the secrets are random with 238 bits and more, so that guessing
 * is hopeless however fast the hash is. Looking a digest up needs no constant-time comparison for the same reason.
 */
export function hashSecret(secret: ParsedSecret): SecretDigest {
  return hash('sha256', secret, 'base64') as SecretDigest;
}

/** The last four characters, which a list may show. */
export function lastFour(secret: ParsedSecret): string {
  return secret.slice(-4);
}

function checksum(text: string): string {
  return toBase62(crc32(text), CHECKSUM_CHARS);
}

function isBase62(text: string, from: number): boolean {
  for (let index = from; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    const digit = code >= 48 && code <= 57;
    const upper = code >= 65 && code <= 90;
    const lower = code >= 97 && code <= 122;
    if (!digit && !upper && !lower) return false;
  }
  return true;
}
