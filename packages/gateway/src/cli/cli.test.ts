import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openAdminServer } from '../admin/admin-server.ts';
import { systemClock } from '../core/clock.ts';
import { buildProgram, runCommandLine } from './program.ts';
import { openTestGateway, TEST_CONFIG } from './test-gateway.ts';

/** The command line as people use it: one process per command. */

const MAIN = join(import.meta.dirname, 'main.ts');
/** A test of some 35 processes, on a busy machine. */
const MANY_PROCESSES_MS = 300_000;

let folder = '';
let common: string[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'switchyard-cli-'));
  const config = join(folder, 'switchyard.yaml');
  writeFileSync(config, TEST_CONFIG);
  common = ['--config', config, '--data', join(folder, 'data')];
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Ended = { code: number | null; stdout: string; stderr: string };

function run(words: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [MAIN, ...words], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
}

/** The same in this process, for tables of many cases. */
async function runHere(words: readonly string[]): Promise<Ended> {
  const written = { stdout: '', stderr: '' };
  const { exitCode } = await runCommandLine(words, {
    stdout: (text) => void (written.stdout += text),
    stderr: (text) => void (written.stderr += text),
  });
  return { code: exitCode, ...written };
}

/** Runs with `--json` and gives the document. */
async function json(...words: string[]): Promise<Record<string, unknown>> {
  const ended = await run([...words, ...common, '--json']);
  expect(ended).toMatchObject({ code: 0, stderr: '' });
  return JSON.parse(ended.stdout) as Record<string, unknown>;
}

describe('commands without a running gateway', () => {
  it(
    'do a whole day of an operator',
    async () => {
      const alice = await json('account', 'create', 'alice');
      expect(alice).toMatchObject({ name: 'alice', balance: { promo: { usd: 1 } } });
      await json('account', 'create', '--name', 'ops', '--role', 'operator');
      expect(await json('account', 'list')).toMatchObject({
        total: 2,
        accounts: [{ name: 'alice' }, { name: 'ops' }],
      });

      const credit = [
        'credit',
        'add',
        'alice',
        '--usd',
        '20',
        '--reason',
        'invoice 42',
        '--id',
        'invoice-42',
      ];
      expect(await json(...credit)).toMatchObject({ applied: true, balance: { paid: { credits: 2000 } } });
      expect(await json(...credit)).toMatchObject({ applied: false, balance: { paid: { credits: 2000 } } });
      await json('credit', 'add', 'alice', '--credits', '-500', '--adjust', '--reason', 'mistake');
      await json('credit', 'add', 'alice', '--credits', '7', '--gift');
      expect(await json('credit', 'balance', 'alice')).toMatchObject({
        balance: { paid: { usd: 15 }, promo: { credits: 107 }, available: { micros: 16_070_000 } },
      });

      const made = await json(
        'key',
        'create',
        'alice',
        '--name',
        'laptop',
        '--models',
        'tiny',
        '--rpm',
        '9',
        '--expires',
        '30d',
      );
      expect(made).toMatchObject({
        key: { name: 'laptop', models: ['small'], requestsPerMinute: 9, state: 'active' },
      });
      expect(made['secret']).toMatch(/^sk-acme-/);
      const limits = ['--models', 'none', '--rpm', 'none', '--day-limit', '$2', '--expires', 'none'];
      expect(await json('key', 'update', 'laptop', ...limits)).toMatchObject({
        models: null,
        requestsPerMinute: null,
        expiresAt: null,
        spend: { day: { limit: { usd: 2 } } },
      });
      expect(await json('key', 'show', 'laptop')).toMatchObject({ name: 'laptop' });
      expect((await json('key', 'rotate', 'laptop'))['secret']).not.toBe(made['secret']);
      expect(await json('key', 'list', '--account', 'alice')).toMatchObject({ total: 1 });
      expect(await json('key', 'revoke', 'laptop')).toMatchObject({ state: 'revoked' });
      expect(await json('key', 'create', 'ops', '--name', 'deploy', '--scopes', 'admin,read')).toMatchObject({
        secret: expect.stringMatching(/^ak-acme-/) as string,
      });

      expect(await json('node', 'add', 'gpu', '--pool', 'main')).toMatchObject({
        token: expect.stringMatching(/^nk_/) as string,
        node: { state: 'unknown', account: { name: 'ops' } },
      });
      expect(await json('node', 'suspend', 'gpu', '--reason', 'hot')).toMatchObject({
        suspendedReason: 'hot',
      });
      expect(await json('node', 'resume', 'gpu')).toMatchObject({ suspendedReason: null });
      expect(await json('node', 'rotate', 'gpu')).toMatchObject({ token: expect.any(String) as string });
      expect(await json('node', 'show', 'gpu')).toMatchObject({ pool: 'main' });
      expect(await json('node', 'remove', 'gpu')).toMatchObject({ state: 'removed' });
      expect(await json('node', 'list', '--removed')).toMatchObject({ total: 1 });

      expect(await json('model', 'list')).toMatchObject({
        models: [{ id: 'small', state: null }, { id: 'metered' }],
      });
      expect(await json('model', 'show', 'tiny')).toMatchObject({ id: 'small' });
      expect(await json('account', 'suspend', 'alice')).toMatchObject({ state: 'suspended' });
      expect(await json('account', 'resume', 'alice')).toMatchObject({ state: 'active' });
      expect(await json('account', 'show', 'alice')).toMatchObject({ keys: 0 });
      expect(await json('receipt', 'list', 'alice')).toEqual({ receipts: [] });
      expect(await json('audit', 'list', '--limit', '1')).toMatchObject({
        entries: [{ action: 'account.resume' }],
      });
      expect(await json('reconcile')).toMatchObject({ ok: true, problems: [] });
    },
    MANY_PROCESSES_MS,
  );

  it('judge and print the configuration', async () => {
    expect(JSON.parse((await run(['check', '--json'])).stdout)).toMatchObject({ ok: true, problems: [] });
    expect(JSON.parse((await run(['config', 'print', '--json'])).stdout)).toMatchObject({
      'brand.name': { value: 'Acme' },
    });
    expect(JSON.parse((await run(['config', 'schema'])).stdout)).toMatchObject({ title: 'switchyard.yaml' });
    writeFileSync(join(folder, 'bad.yaml'), 'server: { port: many }\nmodel: []\n');
    const bad = await run(['check', 'bad.yaml']);
    expect(bad).toMatchObject({ code: 1, stdout: '' });
    expect(bad.stderr).toContain('bad.yaml:1');
    expect(bad.stderr).toContain('bad.yaml:2');
    expect(JSON.parse((await run(['check', 'bad.yaml', '--json'])).stdout)).toMatchObject({ ok: false });
  });

  it('write aligned text for people, and secrets once', async () => {
    const list = await run(['account', 'list', ...common]);
    const [title = '', ...rows] = list.stdout.trimEnd().split('\n');
    expect(rows).toHaveLength(2);
    for (const row of rows) expect(row.indexOf('active')).toBe(title.indexOf('STATE'));
    const made = await run(['key', 'create', 'alice', '--name', 'once', ...common]);
    expect(made.stdout.match(/sk-acme-/g)).toHaveLength(1);
    expect(made.stderr).toContain('only time');
    expect((await run(['key', 'show', 'once', ...common])).stdout).not.toContain('sk-acme-');
  });

  it.each<[string, string[], string]>([
    ['an unknown command', ['frobnicate'], 'unknown command'],
    ['an unknown option', ['key', 'list', '--colour'], 'unknown option'],
    ['a missing argument', ['key', 'create'], 'missing required argument'],
    ['too many arguments', ['key', 'show', 'a', 'b'], 'too many arguments'],
    ['no name', ['account', 'create'], 'Give one name'],
    ['two names', ['account', 'create', 'a', '--name', 'b'], 'Give one name'],
    ['no amount', ['credit', 'add', 'alice'], '--credits 500'],
    [
      'two kinds at once',
      ['credit', 'add', 'alice', '--usd', '1', '--gift', '--adjust'],
      'exclude each other',
    ],
    ['an unexplained adjustment', ['credit', 'add', 'a', '--usd', '1', '--adjust'], 'needs a reason'],
    ['an unexplained refund', ['credit', 'refund', 'req_1'], "required option '--reason"],
    [
      'a day that is none',
      ['credit', 'add', 'a', '--usd', '1', '--gift', '--expires', '2026-13-40'],
      'is no day',
    ],
    ['all of a table', ['credit', 'history', 'a', '--all'], '--all needs --csv'],
    ['two forms at once', ['credit', 'history', 'a', '--csv', '--json'], 'exclude each other'],
    ['a place that is none', ['credit', 'history', 'a', '--before', '1.5'], 'no place'],
    ['a bad duration', ['key', 'create', 'alice', '--expires', 'soon'], '--expires is no duration'],
    ['a bad count', ['audit', 'list', '--limit', 'all'], '--limit is no whole number'],
    ['a bad flag of connect', ['connect', '--gatway', 'x'], 'gateway'],
    ['a group alone', ['key'], 'Usage: switchyard key'],
  ])('end with 2 after %s', async (_what, words, text) => {
    const ended = await runHere(
      words[0] === 'connect' ? words : [...words, ...(words.length > 1 ? common : [])],
    );
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toContain(text);
  });

  it.each<[string, string[], string]>([
    ['an unknown option', ['credit', 'add', 'alice', '--bogus'], "unknown option '--bogus'"],
    ['a missing option', ['credit', 'refund', 'req_1'], "required option '--reason <text>' not specified"],
    ['a missing argument', ['account', 'show'], "missing required argument 'account'"],
    ['an unknown command', ['account', 'list-all'], "unknown command 'list-all'"],
  ])('tell programs, too, about %s', async (_what, words, text) => {
    const ended = await run([...words, '--json']);
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(JSON.parse(ended.stderr)).toEqual({
      error: { code: 'usage', message: text, hint: 'Add --help for how it is used.' },
    });
  });

  it.each<[string, string[], string]>([
    ['nobody of this name', ['account', 'show', 'nobody'], '"switchyard account list"'],
    ['an unknown model', ['key', 'create', 'alice', '--models', 'gpt'], 'switchyard model list'],
    ['an unknown role', ['account', 'create', 'x', '--role', 'root'], '"role"'],
    [
      'more than is there',
      ['credit', 'add', 'ops', '--credits', '-9999', '--adjust', '--reason', 'x'],
      'smaller than',
    ],
  ])('end with 1 and say what to do after %s', async (_what, words, text) => {
    const ended = await runHere([...words, ...common]);
    expect(ended).toMatchObject({ code: 1, stdout: '' });
    expect(ended.stderr).toMatch(/^error: /);
    expect(ended.stderr).toContain(text);
    const machine = await runHere([...words, ...common, '--json']);
    expect(machine).toMatchObject({ code: 1, stdout: '' });
    expect(JSON.parse(machine.stderr)).toMatchObject({ error: { code: expect.any(String) as string } });
  });

  it('say which file is missing', async () => {
    const ended = await run(['account', 'list', '--config', 'nowhere.yaml']);
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain('nowhere.yaml');
    expect(ended.stderr).toContain('--config FILE');
    expect(await run(['reconcile', '--data', join(folder, 'empty')])).toMatchObject({ code: 1, stdout: '' });
  });

  it('do not damage a data folder that is no data folder', async () => {
    const file = join(folder, 'a-file');
    writeFileSync(file, 'letter');
    const ended = await run(['account', 'list', '--config', join(folder, 'switchyard.yaml'), '--data', file]);
    expect(ended).toMatchObject({ code: 1, stdout: '' });
    expect(ended.stderr).toContain('The data folder cannot be used');
  });

  it('wait for each other', async () => {
    const made = await Promise.all(
      ['p', 'q', 'r'].map((name) => run(['account', 'create', name, ...common, '--json'])),
    );
    expect(made.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(await json('account', 'list')).toMatchObject({ total: 5 });
  });

  it('show version and help', async () => {
    expect(await run(['--version'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) as string,
    });
    expect(await run(['--help'])).toMatchObject({ code: 0, stderr: '' });
    expect((await run(['connect', '--help'])).stdout).toContain('--gateway');
  });
});

describe('commands beside a running gateway', () => {
  it('act in it at once, with --data alone', async () => {
    const gateway = await openTestGateway(systemClock);
    const server = await openAdminServer({ dataDirectory: gateway.directory, context: gateway.context });
    // The test configuration is not where these commands run: the data folder is all that they get.
    const beside = async (...words: string[]) => {
      const ended = await run([...words, '--data', gateway.directory, '--config', 'nowhere.yaml', '--json']);
      expect(ended).toMatchObject({ code: 0, stderr: '' });
      return JSON.parse(ended.stdout) as { secret: string };
    };
    await beside('account', 'create', 'alice');
    const { secret } = await beside('key', 'create', 'alice', '--name', 'laptop');
    const identify = () => gateway.context.registry.directory.identify(secret).ok;
    expect(identify()).toBe(true);
    await beside('key', 'revoke', 'laptop');
    expect(identify()).toBe(false);
    await server.close();

    const alone = await run([
      'account',
      'list',
      '--data',
      gateway.directory,
      '--config',
      join(folder, 'switchyard.yaml'),
    ]);
    expect(alone.code).toBe(1);
    expect(alone.stderr).toContain('Another process uses the data folder');
    await gateway.dispose();
  });
});

describe('help', () => {
  it('gives every command a description and an example', () => {
    const shell = {
      streams: { stdout: () => undefined, stderr: () => undefined },
      exitCode: 0,
      endsAtOnce: false,
    };
    const leaves = (command: Command): Command[] =>
      command.commands.length === 0 ? [command] : command.commands.flatMap(leaves);
    const all = leaves(buildProgram(shell));
    expect(all.length).toBeGreaterThan(30);
    for (const command of all) {
      expect(command.description(), command.name()).not.toBe('');
      if (command.name() === 'connect') continue;
      let help = '';
      command.configureOutput({ writeOut: (text) => void (help += text) });
      command.outputHelp();
      expect(help, command.name()).toMatch(/Examples?:\n {2}\$ switchyard /);
    }
  });
});
