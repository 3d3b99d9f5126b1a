import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';

let directory = '';
beforeEach(() => void (directory = mkdtempSync(join(tmpdir(), 'switchyard-race-'))));
afterEach(() => rmSync(directory, { recursive: true }));

const PROCESSES = 4;
const ROUNDS = 12;

const urlOf = (path: string) => JSON.stringify(pathToFileURL(join(import.meta.dirname, path)).href);
const STORES = {
  accounts: `(await import(${urlOf('account-store.ts')})).openSqliteAccountStore(folder, systemClock).close()`,
  people: `(await import(${urlOf('../people/open.ts')})).openPeopleStore(folder, systemClock).store.close()`,
};

it.each(Object.entries(STORES))(
  'lets processes that start at once make the first database of %s',
  async (_name, open) => {
    const script = `
      const { mkdirSync } = await import('node:fs');
      const { createInterface } = await import('node:readline');
      const { systemClock } = await import(${urlOf('../../../core/clock.ts')});
      const openIn = async (folder) => { ${open}; };
      // Modules and their native parts are loaded before the race, so that the opening is all that races.
      const own = process.argv[1] + '/' + process.pid;
      mkdirSync(own);
      await openIn(own);
      console.log('ready');
      for await (const folder of createInterface({ input: process.stdin }))
        console.log(await openIn(folder).then(() => 'made', (error) => error.code ?? error.message));`;
    const children = Array.from({ length: PROCESSES }, () => {
      const child = spawn(process.execPath, ['--input-type=module', '--eval', script, directory], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      const lines = child.stdout.setEncoding('utf8').iterator({ destroyOnReturn: false });
      return { child, next: async (): Promise<string> => String((await lines.next()).value).trim() };
    });
    const all = () => Promise.all(children.map(({ next }) => next()));
    expect(await all()).toEqual(Array.from({ length: PROCESSES }, () => 'ready'));
    for (let round = 0; round < ROUNDS; round += 1) {
      const folder = mkdtempSync(join(directory, 'round-'));
      for (const { child } of children) child.stdin.write(`${folder}\n`);
      expect(await all()).toEqual(Array.from({ length: PROCESSES }, () => 'made'));
    }
    for (const { child } of children) child.stdin.end();
  },
  60_000,
);
