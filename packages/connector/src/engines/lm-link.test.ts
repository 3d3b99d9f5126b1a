import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parseLinkStatus, readLinkStatus } from './lm-link.ts';

const folder = mkdtempSync(join(tmpdir(), 'connector-lms-'));
afterAll(() => rmSync(folder, { recursive: true }));

function program(name: string, script: string): string {
  const path = join(folder, name);
  writeFileSync(path, `#!${process.execPath}\n${script}`);
  chmodSync(path, 0o755);
  return path;
}

const PEER = { deviceIdentifier: 'd', deviceName: 'rig', status: 'connected', loadedModels: ['big', 7] };

describe('the status of LM Link', () => {
  it.each<[string, string, unknown]>([
    ['nobody', JSON.stringify({ status: 'online', peers: [] }), { state: 'off' }],
    ['a machine', JSON.stringify({ status: 'online', peers: [PEER] }), on('big')],
    [
      'a machine that is away',
      JSON.stringify({ status: 'online', peers: [{ ...PEER, status: 'disconnected' }] }),
      { state: 'off' },
    ],
    ['the link down', JSON.stringify({ status: 'offline', peers: [PEER] }), { state: 'off' }],
    ['a version without it', "error: unknown command 'link'", { state: 'off' }],
    ['words', 'LM Studio is not running', { state: 'unknown' }],
    ['nothing', '', { state: 'unknown' }],
  ])('with %s', (_name, output, expected) => {
    expect(parseLinkStatus(output)).toEqual(expected);
  });

  it('is asked of the first program that is there', async () => {
    const lms = program(
      'lms',
      `console.log(JSON.stringify({ status: 'online', peers: [${JSON.stringify(PEER)}] }))`,
    );
    expect(await readLinkStatus([join(folder, 'none'), lms])).toEqual(on('big'));
    expect(await readLinkStatus([join(folder, 'none')])).toEqual({ state: 'unknown' });
  });

  it('is read of a program that fails, too', async () => {
    const old = program('old', `console.error("error: unknown command 'link'"); process.exit(1)`);
    expect(await readLinkStatus([old])).toEqual({ state: 'off' });
  });
});

function on(...models: string[]) {
  return { state: 'on', remoteModels: new Set(models) };
}
