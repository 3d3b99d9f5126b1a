import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { extractCredential } from './credential.ts';

const KEY = 'sk-acme-0123456789';
const OTHER = 'sk-acme-9876543210';

describe('extractCredential', () => {
  it.each<[string, string[]]>([
    ['Authorization', ['Authorization', `Bearer ${KEY}`]],
    ['a lower-case scheme and name', ['authorization', `bearer ${KEY}`]],
    ['an upper-case scheme and name', ['AUTHORIZATION', `BEARER ${KEY}`]],
    ['several spaces after the scheme', ['Authorization', `Bearer   ${KEY}`]],
    ['x-api-key', ['X-Api-Key', KEY]],
    ['api-key', ['api-key', KEY]],
    ['two carriers with the same key', ['Authorization', `Bearer ${KEY}`, 'x-api-key', KEY]],
    [
      'three carriers with the same key',
      ['api-key', KEY, 'x-api-key', KEY, 'Authorization', `Bearer ${KEY}`],
    ],
    ['other headers around it', ['Host', 'a', 'Content-Length', '2', 'x-api-key', KEY, 'x-api-kez', OTHER]],
  ])('takes %s', (_what, rawHeaders) => {
    expect(extractCredential(rawHeaders)).toEqual({ ok: true, value: KEY });
  });

  it.each<[string, string[]]>([
    ['Authorization and x-api-key', ['Authorization', `Bearer ${KEY}`, 'x-api-key', OTHER]],
    ['x-api-key and api-key', ['x-api-key', KEY, 'api-key', OTHER]],
    ['two equal ones and a third', ['x-api-key', KEY, 'api-key', KEY, 'Authorization', `Bearer ${OTHER}`]],
  ])('refuses different keys in %s', (_what, rawHeaders) => {
    expect(extractCredential(rawHeaders)).toMatchObject({
      ok: false,
      error: { code: 'conflicting_credentials' },
    });
  });

  it.each<[string, string[]]>([
    ['no headers', []],
    ['none of the three headers', ['Host', 'a', 'Cookie', KEY]],
    ['a name without a value', ['x-api-key']],
    ['an empty Authorization', ['Authorization', '']],
    ['a scheme alone', ['Authorization', 'Bearer']],
    ['a scheme and a space', ['Authorization', 'Bearer ']],
    ['another scheme', ['Authorization', `Basic ${KEY}`]],
    ['no scheme', ['Authorization', KEY]],
    ['two words after the scheme', ['Authorization', `Bearer ${KEY} ${KEY}`]],
    ['a space at the end', ['Authorization', `Bearer ${KEY} `]],
    ['a tab instead of a space', ['Authorization', `Bearer\t${KEY}`]],
    ['a scheme inside x-api-key', ['x-api-key', `Bearer ${KEY}`]],
    ['an empty x-api-key', ['x-api-key', '']],
    ['joined values', ['x-api-key', `${KEY}, ${OTHER}`]],
    ['a line break', ['x-api-key', `${KEY}\n`]],
    ['a null byte', ['api-key', `${KEY}\0`]],
    ['a letter outside ASCII', ['Authorization', `Bearer ${KEY}é`]],
    ['a very long key', ['x-api-key', 'k'.repeat(257)]],
    ['a very long run of spaces', ['Authorization', `Bearer${' '.repeat(10_000)}${KEY}`]],
    ['the same header twice with the same key', ['x-api-key', KEY, 'X-API-KEY', KEY]],
    [
      'the same header twice with different keys',
      ['Authorization', `Bearer ${KEY}`, 'authorization', `Bearer ${OTHER}`],
    ],
    ['a good key beside a broken one', ['x-api-key', KEY, 'Authorization', 'Basic abc']],
  ])('refuses %s', (_what, rawHeaders) => {
    const result = extractCredential(rawHeaders);
    expect(result).toMatchObject({ ok: false, error: { code: 'invalid_api_key' } });
    expect(JSON.stringify(result)).not.toContain(KEY);
  });

  it('never throws and never repeats what was sent in its errors', () => {
    const header = fc.tuple(
      fc.constantFrom('Authorization', 'x-api-key', 'api-key', 'X-API-KEY', 'host'),
      fc.oneof(
        fc.string(),
        fc.string({ unit: 'binary' }),
        fc.string({ unit: 'grapheme-ascii' }).map((text) => `Bearer ${text}`),
      ),
    );
    fc.assert(
      fc.property(fc.array(header, { maxLength: 6 }), (headers) => {
        const result = extractCredential(headers.flat());
        if (result.ok) expect(result.value).toMatch(/^[\x21-\x7e]{1,256}$/);
        else expect(['invalid_api_key', 'conflicting_credentials']).toContain(result.error.code);
      }),
    );
  });
});
