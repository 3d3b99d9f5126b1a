import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { TAR_BLOCK_BYTES, readTarHeader, tarHeader, tarPadding } from './tar.ts';

const anyName = fc.stringMatching(/^[a-z][a-z0-9.-]{0,99}$/);

it('a header is read as it was written, of any size', () => {
  fc.assert(
    fc.property(anyName, fc.nat(Number.MAX_SAFE_INTEGER), (name, bytes) => {
      expect(readTarHeader(tarHeader({ name, bytes }, 1_795_000_000_000))).toEqual({ name, bytes });
    }),
  );
});

it('a header with any byte changed is refused', () => {
  const whole = tarHeader({ name: 'ledger.sqlite', bytes: 4_096 }, 1_795_000_000_000);
  for (let at = 0; at < TAR_BLOCK_BYTES; at += 1) {
    const block = Buffer.from(whole);
    block[at] = (block[at] ?? 0) ^ 1;
    // The last byte of the checksum's field is padding.
    if (at !== 155) expect([at, readTarHeader(block)]).toEqual([at, undefined]);
  }
});

it('zeros are an end, and anything else is nothing', () => {
  expect(readTarHeader(Buffer.alloc(TAR_BLOCK_BYTES))).toBe('end');
  fc.assert(
    fc.property(fc.uint8Array({ minLength: TAR_BLOCK_BYTES, maxLength: TAR_BLOCK_BYTES }), (bytes) => {
      fc.pre(bytes.some((byte) => byte !== 0));
      expect(readTarHeader(Buffer.from(bytes))).toBeUndefined();
    }),
  );
});

const hasTar = spawnSync('tar', ['--version']).status === 0;
it.skipIf(!hasTar)('the program tar reads an archive of such headers', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tar-'));
  try {
    const content = Buffer.from('some text');
    const header = tarHeader({ name: 'a.txt', bytes: content.length }, Date.UTC(2026, 10, 21));
    const padding = Buffer.alloc(tarPadding(content.length));
    const archive = join(folder, 'a.tar');
    writeFileSync(archive, Buffer.concat([header, content, padding, Buffer.alloc(2 * TAR_BLOCK_BYTES)]));
    expect(execFileSync('tar', ['-t', '-f', archive]).toString()).toBe('a.txt\n');
    expect(execFileSync('tar', ['-x', '-O', '-f', archive, 'a.txt']).toString()).toBe('some text');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
