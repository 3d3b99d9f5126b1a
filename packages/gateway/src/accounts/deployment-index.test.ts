import { expect, it } from 'vitest';
import { createDeploymentIndex } from './deployment-index.ts';
import { testDeployment } from './fixtures.ts';

const MINE = testDeployment();
const LATER = testDeployment({ id: 'dep_2', name: 'Home', createdAtMs: 9_000 });
const THEIRS = testDeployment({ id: 'dep_3', accountId: 'acc_2' });

it('finds a name within its account only, capitals included', () => {
  const index = createDeploymentIndex([LATER, MINE, THEIRS]);
  expect(index.named('acc_1', 'home')).toBe(MINE);
  expect(index.named('acc_1', 'Home')).toBe(LATER);
  expect(index.named('acc_2', 'home')).toBe(THEIRS);
  expect(index.named('acc_2', 'Home')).toBeUndefined();
  expect(index.named('acc_3', 'home')).toBeUndefined();
  for (const name of ['__proto__', 'constructor', '']) expect(index.named('acc_1', name)).toBeUndefined();
});

it('lists one account, or all, the oldest first', () => {
  const index = createDeploymentIndex([LATER, MINE, THEIRS]);
  expect(index.list('acc_1')).toEqual([MINE, LATER]);
  expect(index.list('acc_3')).toEqual([]);
  expect(index.list()).toHaveLength(3);
});

it('frees a name with its deployment, and refuses two with one name', () => {
  const index = createDeploymentIndex([MINE]);
  const next = testDeployment({ id: 'dep_9' });
  expect(() => index.put(next)).toThrow('same name');
  expect(index.get('dep_1')).toBe(MINE);
  index.delete('dep_1');
  index.delete('dep_1');
  expect([index.get('dep_1'), index.named('acc_1', 'home')]).toEqual([undefined, undefined]);
  index.put(next);
  const renamed = { ...next, name: 'other' };
  index.put(renamed);
  expect([index.named('acc_1', 'home'), index.named('acc_1', 'other')]).toEqual([undefined, renamed]);
});
