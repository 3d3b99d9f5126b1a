import { expect, it } from 'vitest';
import { runCommand } from './power-command.ts';

const node = (script: string) => runCommand([process.execPath, '-e', script]);

it('says nothing of a command that did its work', async () => {
  expect(await node('')).toBeUndefined();
});

it('says how a command failed, and nothing that it printed', async () => {
  expect(await node('console.error("secret"); process.exit(3)')).toBe('it ended with 3');
  expect(await runCommand(['/no/such/program'])).toBe('it did not run (ENOENT)');
});

it('gives words as they are: no shell reads them', async () => {
  const check = 'process.exit(process.argv[1] === "$HOME; `id`" ? 0 : 1)';
  expect(await runCommand([process.execPath, '-e', check, '$HOME; `id`'])).toBeUndefined();
});
