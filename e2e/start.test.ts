import { execFileSync } from 'node:child_process';
import { afterAll, expect, it } from 'vitest';
import { cleanUp, start, temporaryFolder, type Child } from './support/processes.ts';

afterAll(cleanUp);

function npmStart(dataDir: string): Child {
  return start(['tools/start.mjs', '--port', '0', '--data', dataDir]);
}

const online = (line: string) => (line.includes('online with') ? true : undefined);
const addressIn = (line: string) => /listens on (http:\/\/[\d.:]+)\./.exec(line)?.[1];

it('starts with one command, shows the key once, serves the pasted curl, and keeps everything', async () => {
  const dataDir = temporaryFolder();
  const first = npmStart(dataDir);
  const address = await first.line(addressIn);
  await first.line(online);
  const key = /sk-switchyard-[0-9A-Za-z]{46}/.exec(first.output())?.[0] ?? '';
  expect(key).not.toBe('');
  expect(first.output()).toContain(`web page  http://localhost:${new URL(address).port}/\n`);

  // The very text that is shown, as a person would paste it.
  const pasted = /curl [^\n]*\\\n[^\n]*/.exec(first.output())?.[0] ?? '';
  const answer: unknown = JSON.parse(execFileSync('sh', ['-c', `${pasted} -s`], { encoding: 'utf8' }));
  expect(answer).toMatchObject({ choices: [{ message: { role: 'assistant' }, finish_reason: 'stop' }] });
  expect(answer).toMatchObject({ usage: { cost: 0.01 } });

  const page = await fetch(`${address}/`);
  expect(await page.text()).toContain('available');
  await first.stop('SIGINT');

  const second = npmStart(dataDir);
  const newAddress = await second.line(addressIn);
  await second.line(online);
  expect(second.output()).not.toContain('sk-switchyard-');
  const balance = await fetch(`${newAddress}/v1/balance`, { headers: { authorization: `Bearer ${key}` } });
  expect(await balance.json()).toMatchObject({ credits: 99, total_deposited: 100, total_spent: 1, held: 0 });
  await second.stop('SIGTERM');
});

it('says what is wrong when the port is taken', async () => {
  const one = npmStart(temporaryFolder());
  const address = await one.line(addressIn);
  const two = start(['tools/start.mjs', '--port', new URL(address).port, '--data', temporaryFolder()]);
  expect(await two.exited).toBe(1);
  expect(two.output()).toMatch(/Port \d+ of 127\.0\.0\.1 is in use/);
  await one.stop('SIGTERM');
});
