import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from './canonical-json.ts';
import { receiptView } from './receipt-view.ts';
import { createReceiptSigner, newReceiptKeyPem, verifyReceipt } from './signing.ts';
import { keptReceipt } from './testing-receipts.ts';

const signer = createReceiptSigner(newReceiptKeyPem());
const view = receiptView(keptReceipt(), undefined, { isOperator: false });
const signed = signer.sign(view);
const { signature } = signed;

/** What a checker reads from a file. */
const parsed = (value: unknown) => JSON.parse(JSON.stringify(value)) as Record<string, unknown>;
const problemOf = (receipt: unknown, jwks: unknown = signer.jwks) => {
  const checked = verifyReceipt(receipt, jwks);
  return checked.ok ? 'proven' : checked.error;
};

describe('a signed receipt', () => {
  it('is proven by the public key, by ours and by plain node:crypto', () => {
    expect(verifyReceipt(parsed(signed), parsed(signer.jwks))).toEqual({
      ok: true,
      value: { kid: signature.kid },
    });
    const [jwk] = signer.jwks.keys;
    if (jwk === undefined) throw new Error('no key');
    const key = createPublicKey({ key: { kty: jwk.kty, crv: jwk.crv, x: jwk.x }, format: 'jwk' });
    const bytes = Buffer.from(canonicalJson(view) ?? '');
    expect(verify(null, bytes, key, Buffer.from(signature.value, 'base64url'))).toBe(true);
  });

  it('is signed alike each time', () => {
    expect(signer.sign({ ...view }).signature).toEqual(signature);
  });

  it('is broken by every changed byte of its canonical form', () => {
    const [jwk] = signer.jwks.keys;
    const key = createPublicKey({ key: { ...jwk }, format: 'jwk' });
    const bytes = Buffer.from(canonicalJson(view) ?? '');
    const value = Buffer.from(signature.value, 'base64url');
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(verify(null, changed, key, value)).toBe(false);
    }
  });

  it('is broken by every changed character of its signature', () => {
    const alphabet = Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=+/ ');
    fc.assert(
      fc.property(
        fc.nat({ max: signature.value.length - 1 }),
        fc.constantFrom(...alphabet),
        (at, character) => {
          fc.pre(signature.value[at] !== character);
          const value = signature.value.slice(0, at) + character + signature.value.slice(at + 1);
          expect(problemOf({ ...signed, signature: { ...signature, value } })).toBe('bad-signature');
        },
      ),
      { numRuns: 300 },
    );
    // The last character holds spare bits: sixteen spellings mean the same bytes, and one of them is right.
    const proven = alphabet.slice(0, 64).filter(
      (character) =>
        problemOf({
          ...signed,
          signature: { ...signature, value: signature.value.slice(0, -1) + character },
        }) === 'proven',
    );
    expect(proven).toEqual([signature.value.at(-1)]);
  });

  it('is broken by every other value, in each field', () => {
    const paths = leavesOf(parsed(view));
    expect(paths.length).toBeGreaterThan(30);
    for (const path of paths) {
      const changed = parsed(signed);
      changeAt(changed, path);
      expect([path.join('.'), problemOf(changed)]).not.toEqual([path.join('.'), 'proven']);
    }
    expect(problemOf({ ...signed, extra: null })).toBe('bad-signature');
    const { charged: _, ...without } = signed;
    expect(problemOf(without)).toBe('bad-signature');
  });
});

describe('what is no proven receipt', () => {
  const other = createReceiptSigner(newReceiptKeyPem());
  const [key] = signer.jwks.keys;
  const [otherKey] = other.jwks.keys;

  it.each<[string, unknown, unknown, string]>([
    ['text', 'receipt', signer.jwks, 'not-a-receipt'],
    ['null', null, signer.jwks, 'not-a-receipt'],
    ['a list', [signed], signer.jwks, 'not-a-receipt'],
    ['something else', { ...signed, object: 'usage' }, signer.jwks, 'not-a-receipt'],
    ['a later form', { ...signed, v: 2 }, signer.jwks, 'unsupported-version'],
    ['a form as text', { ...signed, v: '1' }, signer.jwks, 'unsupported-version'],
    ['an entry of a list', view, signer.jwks, 'not-signed'],
    ['another algorithm', { ...signed, signature: { ...signature, alg: 'none' } }, signer.jwks, 'not-signed'],
    ['no value', { ...signed, signature: { ...signature, value: 1 } }, signer.jwks, 'not-signed'],
    ['no set', signed, null, 'bad-key-set'],
    ['a bare key', signed, key, 'bad-key-set'],
    ['too many keys', signed, { keys: Array.from({ length: 101 }, () => key) }, 'bad-key-set'],
    ['an empty set', signed, { keys: [] }, 'unknown-key'],
    ['nonsense in the set', signed, { keys: [null, 1, 'x', {}, { kid: signature.kid }] }, 'unknown-key'],
    ["somebody else's key", signed, other.jwks, 'unknown-key'],
    [
      "somebody else's key under this id",
      signed,
      { keys: [{ ...otherKey, kid: signature.kid }] },
      'unknown-key',
    ],
    ['signed by another under this id', forged(), signer.jwks, 'bad-signature'],
    ['a fraction', { ...signed, attempts: 1.5 }, signer.jwks, 'bad-signature'],
    ['the right key behind others', signed, { keys: [null, otherKey, key] }, 'proven'],
  ])('%s', (_name, receipt, jwks, expected) => {
    expect(problemOf(receipt, jwks)).toBe(expected);
  });

  function forged(): unknown {
    return { ...signed, signature: { ...other.sign(view).signature, kid: signature.kid } };
  }

  it('anything at all is answered, not thrown at', () => {
    fc.assert(
      fc.property(fc.anything(), fc.anything(), (receipt, jwks) => {
        expect(problemOf(receipt, jwks)).not.toBe('proven');
        expect(problemOf({ ...signed, signature: receipt }, jwks)).not.toBe('proven');
      }),
    );
  });
});

describe('a key', () => {
  it('has its RFC 8037 thumbprint as id', () => {
    // The key pair of RFC 8037, appendix A.1 to A.3.
    const pem = [
      '-----BEGIN PRIVATE KEY-----',
      Buffer.concat([
        Buffer.from('302e020100300506032b657004220420', 'hex'),
        Buffer.from('nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A', 'base64url'),
      ]).toString('base64'),
      '-----END PRIVATE KEY-----',
    ].join('\n');
    expect(createReceiptSigner(pem).jwks.keys).toEqual([
      {
        kty: 'OKP',
        crv: 'Ed25519',
        x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
        kid: 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k',
        use: 'sig',
        alg: 'EdDSA',
      },
    ]);
  });

  it.each<[string, string]>([
    ['empty', ''],
    ['no PEM', 'secret-text'],
    ['cut', newReceiptKeyPem().slice(0, 60)],
    [
      'of another kind',
      generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }),
    ],
    ['public', generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' })],
  ])('that is %s is refused without being quoted', (_name, pem) => {
    expect(() => createReceiptSigner(pem)).toThrow(/^the receipt key is not /);
  });
});

function leavesOf(value: unknown, path: readonly string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [[...path]];
  return Object.entries(value).flatMap(([name, inner]) => leavesOf(inner, [...path, name]));
}

function changeAt(root: Record<string, unknown>, path: readonly string[]): void {
  const parent = path.slice(0, -1).reduce<Record<string, unknown>>((inner, name) => {
    const next = inner[name];
    if (typeof next !== 'object' || next === null) throw new Error('no such field');
    return next as Record<string, unknown>;
  }, root);
  const name = path.at(-1) ?? '';
  const value = parent[name];
  if (typeof value === 'number') parent[name] = value + 1;
  else if (typeof value === 'boolean') parent[name] = !value;
  else parent[name] = `${String(value)}x`;
}
