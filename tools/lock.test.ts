import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';

const lockModule = new URL('./lock.mjs', import.meta.url).href;
/** Takes the lock, says so, and gives it back when its standard input ends. */
const program = `
  import { acquireLock } from ${JSON.stringify(lockModule)};
  const lock = await acquireLock(process.argv[1], () => console.log('waits'));
  console.log('has it');
  process.stdin.on('end', () => { lock.release(); }).resume();
`;

let folder = '';
let file = '';
const children: ChildProcess[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lock-test-'));
  file = join(folder, 'lock');
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill();
  rmSync(folder, { recursive: true });
});

type Taker = {
  processId: number;
  said(word: string): Promise<void>;
  output(): string;
  leave(): Promise<void>;
};

function startTaker(): Taker {
  const child = spawn(process.execPath, ['--input-type=module', '-e', program, file], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  children.push(child);
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  return {
    processId: child.pid ?? 0,
    output: () => output,
    said: (word) => expect.poll(() => output, { timeout: 20_000 }).toContain(word),
    leave: () => {
      const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      child.stdin.end();
      return ended;
    },
  };
}

it('lets the second process wait until the first gives it back', async () => {
  const first = startTaker();
  await first.said('has it');
  expect(readFileSync(file, 'utf8')).toBe(String(first.processId));
  const second = startTaker();
  await second.said('waits');
  expect(second.output()).not.toContain('has it');
  await first.leave();
  await second.said('has it');
  expect(readFileSync(file, 'utf8')).toBe(String(second.processId));
  await second.leave();
  expect(existsSync(file)).toBe(false);
});

it('takes over from a process that is gone', async () => {
  const gone = spawnSync(process.execPath, ['-e', '']);
  writeFileSync(file, String(gone.pid));
  const taker = startTaker();
  await taker.said('has it');
  expect(readFileSync(file, 'utf8')).toBe(String(taker.processId));
  await taker.leave();
});
