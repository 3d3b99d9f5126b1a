import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SanctionsView } from '../admin/trust.ts';
import { systemClock } from '../core/clock.ts';
import { openSqliteAccountStore } from '../store/sqlite/main/account-store.ts';
import { createTestCommandLine, TEST_CONFIG } from './test-gateway.ts';

const commands = createTestCommandLine(`${TEST_CONFIG}\ntrust: { contact: nodes@example.org }\n`);
const { run } = commands;
let nodeId = '';

beforeAll(async () => {
  await run('account', 'create', 'ops', '--role', 'operator');
  const made = JSON.parse(await run('node', 'add', 'gpu-1', '--pool', 'main', '--json')) as {
    node: { id: string };
  };
  nodeId = made.node.id;
  const store = openSqliteAccountStore(commands.data, systemClock);
  const sanction = {
    id: 'san_1',
    nodeId,
    kind: 'ban' as const,
    reason: 'canaries-failed' as const,
    detail: '3 of the last 3 test jobs',
    atMs: Date.UTC(2026, 10, 20, 10),
    expiresAtMs: Date.UTC(2126, 0, 1),
    liftedAtMs: undefined,
    liftedBecause: undefined,
  };
  const over = {
    ...sanction,
    id: 'san_0',
    kind: 'reduced' as const,
    expiresAtMs: Date.UTC(2026, 10, 20, 11),
  };
  await store.trust.saveSanctions([over, sanction], 'trust');
  await store.close();
});
afterAll(commands.dispose);

async function sanctions(...words: string[]): Promise<SanctionsView> {
  return JSON.parse(await run('node', 'sanctions', ...words, '--json')) as SanctionsView;
}

describe('the commands about sanctions', () => {
  it('show what is in force with its reason, its end and where to object', async () => {
    const text = await run('node', 'sanctions');
    for (const word of ['gpu-1', 'ban', 'It failed test jobs', '3 of the last 3', 'nodes@example.org'])
      expect(text).toContain(word);
    const list = await sanctions('gpu-1');
    expect(list).toMatchObject({
      contact: 'nodes@example.org',
      sanctions: [{ id: 'san_1', active: true, expiresAt: '2126-01-01T00:00:00.000Z', lifted: null }],
    });
    expect((await sanctions('--all')).sanctions.map(({ id }) => id).toSorted()).toEqual(['san_0', 'san_1']);
  });

  it('lift nothing without saying whom, or outside of the time', async () => {
    await expect(run('node', 'pardon', '--reason', 'x')).rejects.toThrow('give a node');
    await expect(run('node', 'pardon', 'gpu-2', '--reason', 'x')).rejects.toThrow();
    await expect(run('node', 'pardon', '--from', 'noon', '--reason', 'x')).rejects.toThrow('time in UTC');
    const times = ['--from', '2026-11-20T10:00:01Z', '--to', '2026-11-20T12:00:00Z'];
    expect(await run('node', 'pardon', ...times, '--reason', 'x')).toContain('Lifted 0');
    expect((await sanctions()).sanctions).toHaveLength(1);
  });

  it('lift what is in force, for good and with a reason', async () => {
    const times = ['--from', '2026-11-20T09:00:00Z', '--to', '2026-11-20T12:00:00Z'];
    expect(await run('node', 'pardon', ...times, '--reason', 'bad release')).toContain('Lifted 1');
    expect((await sanctions()).sanctions).toEqual([]);
    const { sanctions: all } = await sanctions('gpu-1', '--all');
    expect(all.find(({ id }) => id === 'san_1')).toMatchObject({
      active: false,
      lifted: { because: 'bad release' },
    });
    expect(await run('audit', 'list')).toContain('node.pardon');
  });

  it('say at a node that its share of jobs is reduced, while it is', async () => {
    const show = async () => JSON.parse(await run('node', 'show', 'gpu-1', '--json')) as object;
    // The one that is over says nothing.
    expect(await show()).toMatchObject({ reduced: null });
    const store = openSqliteAccountStore(commands.data, systemClock);
    const reduced = {
      id: 'san_2',
      nodeId,
      kind: 'reduced' as const,
      reason: 'suspicious-answers' as const,
      detail: '5 of 8 answers',
      atMs: Date.UTC(2026, 10, 20, 8),
      expiresAtMs: Date.UTC(2126, 0, 1),
      liftedAtMs: undefined,
      liftedBecause: undefined,
    };
    await store.trust.saveSanctions([reduced], 'trust');
    await store.close();
    expect(await show()).toMatchObject({
      jobShare: 0.25,
      reduced: {
        because: 'Too many of its answers looked wrong. (5 of 8 answers)',
        until: '2126-01-01T00:00:00.000Z',
      },
    });
    const text = await run('node', 'show', 'gpu-1');
    for (const word of ['25 % of the usual', 'reduced until', '5 of 8']) expect(text).toContain(word);
    await run('node', 'pardon', 'gpu-1', '--reason', 'x');
    expect(await show()).toMatchObject({ reduced: null });
  });
});
