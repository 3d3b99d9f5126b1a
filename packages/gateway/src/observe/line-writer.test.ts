import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { systemClock } from '../core/clock.ts';
import { openLineWriter } from './line-writer.ts';

let folder = '';
let children: ChildProcess[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'switchyard-lines-'));
});
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  children = [];
  rmSync(folder, { recursive: true });
});

/** A program that writes to its standard output, ends, and says on standard error that it came to its last line. */
function startWriter(code: string): ChildProcess {
  const from = (module: string) => JSON.stringify(fileURLToPath(new URL(module, import.meta.url)));
  const whole = `import { openLineWriter } from ${from('line-writer.ts')};
import { systemClock } from ${from('../core/clock.ts')};
const writer = openLineWriter(1, systemClock);
process.once('exit', () => { writer.flushSync(); console.error('over'); });
${code}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', whole], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  children.push(child);
  return child;
}

async function textOf(stream: NodeJS.ReadableStream | null): Promise<string> {
  let text = '';
  for await (const chunk of stream ?? []) text += chunk.toString();
  return text;
}

it('writes everything once and in order, whatever is written while it writes', async () => {
  const child = startWriter(`
for (let at = 0; at < 2000; at += 1) {
  writer.write(at + ' ' + 'x'.repeat(200) + '\\n');
  if (at % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
}
await new Promise((resolve) => process.stdin.once('data', resolve));
process.exit(0);`);
  let text = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    text += chunk.toString();
    // What is on its way when the program ends may be there twice, so it ends when nothing is.
    if (/\n1999 x+\n$/.test(text)) child.stdin?.write('go');
  });
  await once(child, 'exit');
  const numbers = text
    .trimEnd()
    .split('\n')
    .map((line) => Number(line.split(' ', 1)[0]));
  expect(numbers).toEqual(Array.from({ length: 2_000 }, (_, at) => at));
});

it('writes at the end of the program what has not been written', async () => {
  const child = startWriter(`writer.write('first\\n'); writer.write('last\\n'); process.exit(0);`);
  // What is on its way may be there twice.
  const lines = (await textOf(child.stdout)).split('\n');
  expect(lines).toEqual(expect.arrayContaining(['first', 'last']));
});

it('has each line of a log once when the program ends with lines that were never on their way', async () => {
  const log = JSON.stringify(fileURLToPath(new URL('log.ts', import.meta.url)));
  const child = startWriter(`
const { createLog } = await import(${log});
const log = createLog('info', systemClock);
log.info('draining');
log.info('stopped');
process.exit(0);`);
  const lines = (await textOf(child.stdout)).trimEnd().split('\n');
  expect(lines.map((line) => (JSON.parse(line) as { event: string }).event)).toEqual(['draining', 'stopped']);
});

it('ends with the program when its reader is gone with lines still on their way', async () => {
  const child = startWriter(`
for (let at = 0; at < 3000; at += 1) writer.write('x'.repeat(200) + '\\n');
await new Promise((resolve) => process.stdin.once('data', resolve));
writer.write('last\\n');
process.exit(0);`);
  const errors = textOf(child.stderr);
  child.stdout?.destroy();
  child.stdin?.write('go');
  const [code] = await once(child, 'exit');
  expect(code).toBe(0);
  expect(await errors).toContain('over');
});

it('keeps a bounded part of what nobody takes', () => {
  const file = join(folder, 'log');
  const fd = openSync(file, 'w');
  const writer = openLineWriter(fd, systemClock);
  const megabyte = `${'x'.repeat(1024 * 1024 - 1)}\n`;
  // Nothing is written before the event loop turns, so all of it waits, but for the first that is on its way.
  for (let at = 0; at < 20; at += 1) writer.write(megabyte);
  writer.flushSync();
  closeSync(fd);
  const { length } = readFileSync(file);
  expect(length).toBeGreaterThanOrEqual(8 * 1024 * 1024);
  expect(length).toBeLessThanOrEqual(10 * 1024 * 1024);
});
