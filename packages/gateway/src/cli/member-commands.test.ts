import { afterAll, beforeAll, expect, it } from 'vitest';
import { systemClock } from '../core/clock.ts';
import { openPeopleStore } from '../store/sqlite/people/open.ts';
import { createTestCommandLine } from './test-gateway.ts';

const commands = createTestCommandLine();
const { run } = commands;
let accountId: string;
beforeAll(async () => {
  ({ id: accountId } = JSON.parse(await run('account', 'create', 'lab', '--json')) as { id: string });
  const { store, database } = openPeopleStore(commands.data, systemClock);
  for (const [id, role] of [
    ['ann', 'developer'],
    ['vic', 'viewer'],
  ] as const) {
    database
      .prepare(
        `INSERT INTO "user" (id, name, email, "emailVerified", "createdAt", "updatedAt")
         VALUES (?, ?, ?, 1, '2026-01-01', '2026-01-01')`,
      )
      .run(id, id.toUpperCase(), `${id}@example.com`);
    store.putMembership({ accountId, personId: id, role, sinceMs: 0 });
  }
  store.close();
});
afterAll(commands.dispose);

type Key = { id: string; person: { id: string; name: string } | null };

it('keys are made for a member, and listed by person', async () => {
  const made = JSON.parse(
    await run('key', 'create', 'lab', '--name', 'mine', '--person', 'Ann@Example.com', '--json'),
  ) as { key: Key };
  expect(made.key.person).toEqual({ id: 'ann', name: 'ANN' });
  await run('key', 'create', 'lab', '--name', 'common');
  expect(await run('key', 'show', 'mine')).toMatch(/person +ANN \(ann\)/);
  const { keys } = JSON.parse(await run('key', 'list', '--person', 'ann', '--json')) as { keys: Key[] };
  expect(keys.map(({ id }) => id)).toEqual([made.key.id]);
  expect(await run('key', 'list', '--account', 'lab')).toMatch(
    /PERSON[^]*common +\S+ +lab +- [^]*mine +\S+ +lab +ANN/,
  );
  await expect(run('key', 'create', 'lab', '--person', 'vic@example.com')).rejects.toThrow(
    'A viewer has no keys',
  );
  await expect(run('key', 'create', 'lab', '--person', 'eve@example.com')).rejects.toThrow('no such person');
});

it('members are listed with their limits, which are set, changed and taken away', async () => {
  const limited = await run(
    'member',
    'limit',
    'lab',
    'ann@example.com',
    '--day-limit',
    '5usd',
    '--rpm',
    '60',
  );
  expect(limited).toMatch(/spent today +0 credits \(\$0\) of 500 credits \(\$5\), from 0 again at/);
  expect(await run('member', 'list', 'lab')).toMatch(
    /ann@example\.com +ANN +ann +developer +1 +0 credits \(\$0\) +500 credits \(\$5\) a day, 60 a minute/,
  );
  await run('member', 'limit', 'lab', 'ann', '--day-limit', 'none', '--concurrency', '2');
  const { members } = JSON.parse(await run('member', 'list', 'lab', '--json')) as { members: unknown[] };
  expect(members).toMatchObject([
    { personId: 'ann', requestsPerMinute: 60, concurrency: 2, spend: { day: { limit: null } } },
    { personId: 'vic', requestsPerMinute: null },
  ]);
  await expect(run('member', 'limit', 'lab', 'ann', '--rpm', '0')).rejects.toThrow('--rpm');
  await run('account', 'create', 'other');
  await expect(run('member', 'limit', 'other', 'ann', '--rpm', '9')).rejects.toThrow('no such member');
});
