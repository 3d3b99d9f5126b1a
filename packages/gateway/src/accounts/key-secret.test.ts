import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  adminKeyPrefix,
  apiKeyPrefix,
  createApiKeySecret,
  createNodeToken,
  hashSecret,
  lastFour,
  parseApiKey,
  parseNodeToken,
} from './key-secret.ts';

const PREFIX = apiKeyPrefix('acme');

describe('API keys', () => {
  it('have the published shape', () => {
    expect(createApiKeySecret(PREFIX)).toMatch(/^sk-acme-[0-9A-Za-z]{46}$/);
    expect(createApiKeySecret(adminKeyPrefix('acme'))).toMatch(/^ak-acme-[0-9A-Za-z]{46}$/);
  });

  it('carry the CRC32 of all that stands before it, as outside tools would compute it', () => {
    const body = `sk-acme-${'0'.repeat(40)}`;
    expect(parseApiKey(`${body}${PINNED_CHECKSUM}`, PREFIX)).toBe(`${body}${PINNED_CHECKSUM}`);
  });

  it('are never made twice', () => {
    const secrets = new Set(Array.from({ length: 5_000 }, () => createApiKeySecret(PREFIX)));
    expect(secrets.size).toBe(5_000);
  });

  it('are refused when one character is another one', () => {
    // CRC32 finds every error burst of up to 32 bits: one exchanged character never passes.
    fc.assert(
      fc.property(
        fc.nat(),
        fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: 1 }),
        (at, character) => {
          const secret = createApiKeySecret(PREFIX);
          const index = at % secret.length;
          if (secret[index] === character) return;
          const damaged = secret.slice(0, index) + character + secret.slice(index + 1);
          expect(parseApiKey(damaged, PREFIX)).toBeUndefined();
        },
      ),
      { numRuns: 5_000 },
    );
  });

  it('are refused when two neighbours changed places or one is missing', () => {
    fc.assert(
      fc.property(fc.nat({ max: 44 }), (offset) => {
        const secret = createApiKeySecret(PREFIX);
        const index = PREFIX.length + offset;
        const [first, second] = [secret.charAt(index), secret.charAt(index + 1)];
        const swapped = secret.slice(0, index) + second + first + secret.slice(index + 2);
        if (first !== second) expect(parseApiKey(swapped, PREFIX)).toBeUndefined();
        expect(parseApiKey(secret.slice(0, index) + secret.slice(index + 1), PREFIX)).toBeUndefined();
      }),
    );
  });

  it('are refused under another prefix', () => {
    const secret = createApiKeySecret(PREFIX);
    expect(parseApiKey(secret, PREFIX)).toBe(secret);
    expect(parseApiKey(secret, adminKeyPrefix('acme'))).toBeUndefined();
    expect(parseApiKey(secret, apiKeyPrefix('acme-2'))).toBeUndefined();
    expect(parseApiKey(createApiKeySecret(apiKeyPrefix('other')), PREFIX)).toBeUndefined();
  });

  it('never let random text through, and never throw', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        expect(parseApiKey(text, PREFIX)).toBeUndefined();
        expect(parseApiKey(PREFIX + text, PREFIX)).toBeUndefined();
        expect(parseNodeToken(text)).toBeUndefined();
      }),
    );
  });

  it('are kept as SHA-256 only', () => {
    const secret = createApiKeySecret(PREFIX);
    expect(Buffer.from(hashSecret(secret), 'base64')).toHaveLength(32);
    expect(lastFour(secret)).toBe(secret.slice(-4));
  });
});

/** Computed with Python: zlib.crc32(b"sk-acme-" + b"0" * 40), written in base 62. */
const PINNED_CHECKSUM = '0hZman';

describe('node tokens', () => {
  it('have the published shape and show their key id', () => {
    const { token, kid } = createNodeToken();
    expect(token).toMatch(/^nk_[0-9A-Za-z]{8}_[0-9A-Za-z]{43}$/);
    expect(token.split('_')[1]).toBe(kid);
    expect(parseNodeToken(token)).toBe(token);
  });

  it.each([
    ['another beginning', (token: string) => `sk${token.slice(2)}`],
    ['one character more', (token: string) => `${token}a`],
    ['one character less', (token: string) => token.slice(0, -1)],
    ['a line break at the end', (token: string) => `${token}\n`],
    ['a sign outside the alphabet', (token: string) => `${token.slice(0, -1)}-`],
  ])('are refused with %s', (_what, damage) => {
    expect(parseNodeToken(damage(createNodeToken().token))).toBeUndefined();
  });
});
