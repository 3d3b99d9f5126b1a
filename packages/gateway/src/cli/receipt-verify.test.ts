import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { receiptView } from '../receipts/receipt-view.ts';
import { createReceiptSigner, newReceiptKeyPem } from '../receipts/signing.ts';
import { keptReceipt } from '../receipts/testing-receipts.ts';
import { runCommandLine } from './program.ts';

const signer = createReceiptSigner(newReceiptKeyPem());
const view = receiptView(keptReceipt(), undefined, { isOperator: false });
const receipt = signer.sign(view);

const folder = mkdtempSync(join(tmpdir(), 'receipt-verify-'));
const file = (name: string, content: unknown) => {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content, undefined, 2));
  return path;
};
const good = file('receipt.json', receipt);
const keys = file('keys.json', signer.jwks);

let port = 0;
const server = createServer((request, response) => {
  if (request.url === '/moved') response.writeHead(302, { location: '/keys' }).end();
  else if (request.url === '/huge') response.end('x'.repeat(300_000));
  else response.end(JSON.stringify(signer.jwks));
});
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  port = typeof address === 'object' && address !== null ? address.port : 0;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

async function verify(...words: string[]) {
  const written = { stdout: '', stderr: '' };
  const end = await runCommandLine(['receipt', 'verify', ...words], {
    stdout: (text) => void (written.stdout += text),
    stderr: (text) => void (written.stderr += text),
  });
  return { ...written, exitCode: end.exitCode };
}

it('proves a receipt with a file of keys, and by the address that publishes them', async () => {
  const offline = await verify(good, '--keys', keys, '--json');
  expect(offline).toMatchObject({ exitCode: 0, stderr: '' });
  expect(JSON.parse(offline.stdout)).toEqual({ ok: true, id: receipt.id, kid: receipt.signature.kid });
  for (const host of ['127.0.0.1', 'localhost']) {
    const online = await verify(good, '--keys', `http://${host}:${port}/keys`);
    expect(online).toMatchObject({ exitCode: 0, stderr: '' });
    expect(online.stdout).toContain(receipt.id);
  }
});

it.each<[string, () => string[], number, string]>([
  [
    'a changed amount',
    () => [file('a.json', { ...receipt, attempts: 2 }), '--keys', keys],
    1,
    'bad_signature',
  ],
  ['an entry of a list', () => [file('b.json', view), '--keys', keys], 1, 'not_signed'],
  [
    "somebody else's keys",
    () => [good, '--keys', file('k.json', createReceiptSigner(newReceiptKeyPem()).jwks)],
    1,
    'unknown_key',
  ],
  ['no keys in the file', () => [good, '--keys', good], 1, 'bad_key_set'],
  ['no receipt in the file', () => [keys, '--keys', keys], 1, 'not_a_receipt'],
  ['no JSON', () => [file('c.json', 'text'), '--keys', keys], 1, 'invalid_json'],
  ['an empty file', () => [file('d.json', ''), '--keys', keys], 1, 'invalid_json'],
  ['a huge file', () => [file('e.json', ' '.repeat(300_000)), '--keys', keys], 1, 'too_large'],
  ['no such file', () => [join(folder, 'none.json'), '--keys', keys], 1, 'file_unreadable'],
  ['a folder', () => [folder, '--keys', keys], 1, 'file_unreadable'],
  ['a redirect', () => [good, '--keys', `http://127.0.0.1:${port}/moved`], 1, 'keys_unreachable'],
  ['a huge answer', () => [good, '--keys', `http://127.0.0.1:${port}/huge`], 1, 'too_large'],
  ['nobody at the address', () => [good, '--keys', 'http://127.0.0.1:1/keys'], 1, 'keys_unreachable'],
  ['plain http elsewhere', () => [good, '--keys', 'http://example.com/keys'], 2, 'usage'],
  ['a name that only looks local', () => [good, '--keys', 'http://127.0.0.1.example.com/k'], 2, 'usage'],
  ['another scheme', () => [good, '--keys', 'ftp://127.0.0.1/keys'], 2, 'usage'],
  ['no address', () => [good, '--keys', 'https://'], 2, 'usage'],
])('refuses %s', async (_name, words, exitCode, code) => {
  const end = await verify(...words(), '--json');
  expect(end).toMatchObject({ exitCode, stdout: '' });
  expect(JSON.parse(end.stderr)).toMatchObject({ error: { code } });
});

it('needs to be told the keys', async () => {
  const end = await verify(good);
  expect(end.exitCode).toBe(2);
  expect(end.stderr).toContain('--keys');
});
