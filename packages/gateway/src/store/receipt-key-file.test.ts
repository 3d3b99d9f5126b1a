import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { loadReceiptKey } from './receipt-key-file.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'receipt-key-'));
  path = join(folder, 'receipt-key.pem');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const never = () => {
  throw new Error('a second key');
};

it('makes the key once, for its owner only, and nothing beside it', () => {
  expect(loadReceiptKey(folder, () => 'pem')).toEqual({ pem: 'pem', wasOpen: false });
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(['receipt-key.pem']);
  expect(loadReceiptKey(folder, never)).toEqual({ pem: 'pem', wasOpen: false });
});

it('starts over after a death in the middle of writing', () => {
  writeFileSync(`${path}.new`, 'half');
  expect(loadReceiptKey(folder, () => 'whole').pem).toBe('whole');
  expect(readdirSync(folder)).toEqual(['receipt-key.pem']);
});

it('closes a file that others could read, and says so', () => {
  writeFileSync(path, 'pem');
  chmodSync(path, 0o640);
  expect(loadReceiptKey(folder, never)).toEqual({ pem: 'pem', wasOpen: true });
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

it('reads no file that is too large to be a key, and replaces none', () => {
  writeFileSync(path, 'x'.repeat(5_000));
  expect(() => loadReceiptKey(folder, never)).toThrow('too large');
  expect(statSync(path).size).toBe(5_000);
});
