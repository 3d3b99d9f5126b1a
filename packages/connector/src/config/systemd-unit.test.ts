import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, test } from 'vitest';
import { systemdUnit } from './systemd-unit.ts';

const unitOf = (words: string[]): string =>
  systemdUnit({ program: [process.execPath, '/opt/app/main.ts'], words, folder: '/srv/node', user: 'ada' });

it('runs the command with its words as they were', () => {
  const unit = unitOf(['--gateway', 'https://g.example', '--model', 'a=b:8b', '--hours', '22:00-07:00']);
  expect(unit).toContain(
    `ExecStart=${process.execPath} /opt/app/main.ts --gateway https://g.example --model a=b:8b --hours 22:00-07:00\n`,
  );
  expect(unit).toContain('User=ada\nWorkingDirectory=/srv/node\n');
  expect(unit).toContain('RestartPreventExitStatus=1 2\n');
});

test.each([
  ['my file', '"my file"'],
  ['50%', '50%%'],
  ['$HOME', '$$HOME'],
  ['a"b\\c', '"a\\"b\\\\c"'],
  ['a\nExecStartPre=/bin/evil', '"a\\nExecStartPre=/bin/evil"'],
  ['', '""'],
  [';', '";"'],
])('the word %j becomes %s', (word, written) => {
  const line = unitOf([word])
    .split('\n')
    .find((candidate) => candidate.startsWith('ExecStart='));
  expect(line).toBe(`ExecStart=${process.execPath} /opt/app/main.ts ${written}`);
});

/** Part of systemd, where there is one. */
const ANALYZE = 'systemd-analyze';

function hasSystemd(): boolean {
  try {
    execFileSync(ANALYZE, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

it.skipIf(!hasSystemd())('is a unit that systemd takes without a word', () => {
  const folder = mkdtempSync(join(tmpdir(), 'connector-unit-'));
  const file = join(folder, 'switchyard-connector.service');
  writeFileSync(
    file,
    systemdUnit({
      program: [process.execPath],
      words: ['my file', '50%', '$HOME', 'a"b'],
      folder,
      user: 'root',
    }),
  );
  const written = execFileSync(ANALYZE, ['verify', file], { encoding: 'utf8', stdio: 'pipe' });
  expect(written).toBe('');
  rmSync(folder, { recursive: true });
});
