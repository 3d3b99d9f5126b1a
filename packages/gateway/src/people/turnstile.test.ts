import { expect, it } from 'vitest';
import { createTurnstile } from './turnstile.ts';

it('lets so many run, so many wait in their order, and turns the rest away', async () => {
  const turnstile = createTurnstile({ atOnceMax: 2, waitingMax: 2 });
  const begun: string[] = [];
  const ends = new Map<string, PromiseWithResolvers<string>>();
  const enter = (name: string) =>
    turnstile.pass(() => {
      begun.push(name);
      const end = Promise.withResolvers<string>();
      ends.set(name, end);
      return end.promise;
    });
  const runs = ['a', 'b', 'c', 'd'].map(enter);
  expect(enter('e')).toBeUndefined();
  expect(begun).toEqual(['a', 'b']);
  ends.get('b')?.reject(new Error('of b'));
  await expect(runs[1]).rejects.toThrow('of b');
  await Promise.resolve();
  expect(begun).toEqual(['a', 'b', 'c']);
  ends.get('a')?.resolve('done');
  expect(await runs[0]).toBe('done');
  await Promise.resolve();
  expect(begun).toEqual(['a', 'b', 'c', 'd']);
  for (const name of ['c', 'd']) ends.get(name)?.resolve(name);
  expect(await Promise.all([runs[2], runs[3]])).toEqual(['c', 'd']);
  expect(enter('f')).toBeDefined();
  expect(begun.at(-1)).toBe('f');
});
