import { describe, expect, it } from 'vitest';
import { fault } from '../core/errors.ts';
import { failed, ok } from '../core/result.ts';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import { TEST_BRAND, testAccount, testKey } from './fixtures.ts';
import { openRegistry } from './registry.ts';
import type { AccountStore, AuditEntry, Change } from './store.ts';

/** A store that writes when the test says so. */
function heldStore() {
  const ada = testKey();
  const commits: { changes: readonly Change[]; audit: AuditEntry }[] = [];
  const uses: Map<string, number>[] = [];
  const state = { commitFails: false, useFails: false, gate: Promise.resolve() };
  const store: AccountStore = {
    load: async () => ({
      accounts: [testAccount()],
      keys: [{ key: ada.key, digest: ada.digest, lastUsedAtMs: undefined }],
      nodes: [],
      deployments: [],
      memberLimits: [],
    }),
    async commit(changes, audit) {
      await state.gate;
      if (state.commitFails) throw new Error('disk is full');
      commits.push({ changes, audit });
    },
    async recordKeyUse(map) {
      if (state.useFails) throw new Error('disk is full');
      uses.push(new Map(map));
    },
    auditTrail: async () => [],
    meta: async () => undefined,
    close: async () => undefined,
  };
  return { store, state, commits, uses, ada };
}

const audit = { actor: 'test', action: 'account.suspend', subject: 'acc_1', detail: '' };
const suspend = () =>
  ok({
    changes: [{ type: 'put-account', account: testAccount({ suspended: true }) } as const],
    audit,
    value: 'done',
  });

describe('registry', () => {
  it('takes a change into memory only once it is durable', async () => {
    const held = heldStore();
    const clock = createVirtualClock();
    const registry = await openRegistry({ store: held.store, clock, brand: TEST_BRAND });
    const gate = Promise.withResolvers<void>();
    held.state.gate = gate.promise;
    const change = registry.change(suspend);
    await Promise.resolve();
    expect(registry.directory.account('acc_1')?.suspended).toBe(false);
    gate.resolve();
    expect(await change).toEqual({ ok: true, value: 'done' });
    expect(registry.directory.account('acc_1')?.suspended).toBe(true);
    expect(held.commits[0]?.audit).toEqual({ ...audit, atMs: clock.nowMs() });
    await registry.close();
  });

  it('shows each change the result of the one before, so that none is undone', async () => {
    const held = heldStore();
    const registry = await openRegistry({
      store: held.store,
      clock: createVirtualClock(),
      brand: TEST_BRAND,
    });
    const add = () =>
      registry.change((directory) => {
        const entry = directory.key('key_1');
        if (entry === undefined) return failed(fault('not_found'));
        const key = { ...entry.identity.key, concurrency: (entry.identity.key.concurrency ?? 0) + 1 };
        return ok({ changes: [{ type: 'put-key', key, digest: entry.digest }], audit, value: undefined });
      });
    await Promise.all(Array.from({ length: 20 }, add));
    expect(registry.directory.key('key_1')?.identity.key.concurrency).toBe(20);
    await registry.close();
  });

  it('writes nothing for a plan that says no', async () => {
    const held = heldStore();
    const registry = await openRegistry({
      store: held.store,
      clock: createVirtualClock(),
      brand: TEST_BRAND,
    });
    expect(await registry.change(() => failed(fault('not_found')))).toEqual({
      ok: false,
      error: { code: 'not_found' },
    });
    expect(held.commits).toEqual([]);
    await registry.close();
  });

  it('changes nothing when the disk fails, and goes on afterwards', async () => {
    const held = heldStore();
    const registry = await openRegistry({
      store: held.store,
      clock: createVirtualClock(),
      brand: TEST_BRAND,
    });
    held.state.commitFails = true;
    await expect(registry.change(suspend)).rejects.toThrow('disk is full');
    expect(registry.directory.account('acc_1')?.suspended).toBe(false);
    held.state.commitFails = false;
    expect((await registry.change(suspend)).ok).toBe(true);
    await registry.close();
  });

  it('writes times of last use once a minute, and what failed with the next write', async () => {
    const held = heldStore();
    const clock = createVirtualClock();
    const failures: string[] = [];
    const registry = await openRegistry({
      store: held.store,
      clock,
      brand: TEST_BRAND,
      onFlushFailure: () => failures.push('failed'),
    });
    registry.directory.identify(held.ada.secret);
    const usedAtMs = clock.nowMs();
    held.state.useFails = true;
    clock.advance(60_000);
    await expect.poll(() => failures).toEqual(['failed']);
    held.state.useFails = false;
    await registry.flushKeyUses();
    expect(held.uses).toEqual([new Map([['key_1', usedAtMs]])]);
    await registry.flushKeyUses();
    expect(held.uses).toHaveLength(1);
    registry.directory.identify(held.ada.secret);
    await registry.close();
    expect(held.uses).toHaveLength(2);
  });
});
