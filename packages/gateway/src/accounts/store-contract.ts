import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { micros } from '../core/money.ts';
import { testAccount, testDeployment, testKey, testNode } from './fixtures.ts';
import type { AccountStore, AuditEntry } from './store.ts';

/** An empty store. `reopen` closes it and opens the same data again. `dispose` removes everything. */
export type StoreHarness = { store: AccountStore; reopen(): Promise<AccountStore>; dispose(): Promise<void> };

const AUDIT: AuditEntry = { atMs: 10, actor: 'test', action: 'test.run', subject: 'x', detail: 'nothing' };

/** What every implementation of `AccountStore` must do. Call it from the implementation's own test file. */
export function describeAccountStore(name: string, open: () => Promise<StoreHarness>): void {
  describe(`account store: ${name}`, () => {
    let harness: StoreHarness;
    beforeEach(async () => {
      harness = await open();
    });
    afterEach(async () => {
      await harness.dispose();
    });

    it('starts empty', async () => {
      expect(await harness.store.load()).toEqual({
        accounts: [],
        keys: [],
        nodes: [],
        deployments: [],
        memberLimits: [],
      });
      expect(await harness.store.auditTrail(10)).toEqual([]);
      expect(await harness.store.meta('anything')).toBeUndefined();
    });

    it('gives back exactly what was written, also after it was closed', async () => {
      const account = testAccount({ name: 'Zoë "Z" O\'Neil; DROP TABLE account' });
      const full = testKey({
        personId: 'person_1',
        scopes: ['admin', 'read'],
        models: ['a/b', 'c:d'],
        deployments: ['dep_1'],
        requestsPerMinute: 60,
        concurrency: 2,
        spendLimits: {
          dayMicros: micros(0),
          weekMicros: micros(5_000_000),
          monthMicros: micros(9_000_000_000_000_000),
        },
        expiresAtMs: 1_900_000_000_000,
        revokedAtMs: 1_800_000_000_000,
      });
      const bare = testKey({ id: 'key_2' });
      const bound = testDeployment({ nodes: ['node_1'] });
      const unbound = testDeployment({ id: 'dep_2', name: 'other' });
      const unlimited = { requestsPerMinute: undefined, concurrency: undefined, spendLimits: {} };
      const tight = {
        accountId: 'acc_1',
        personId: 'person_1',
        requestsPerMinute: 5,
        concurrency: 1,
        spendLimits: { dayMicros: micros(0), weekMicros: micros(7), monthMicros: micros(8) },
      };
      const loose = { ...unlimited, accountId: 'acc_1', personId: 'person_2', concurrency: 2 };
      const node = testNode({ kind: 'private', pool: '', revokedAtMs: 7, suspendedReason: 'late' });
      await harness.store.commit(
        [
          { type: 'put-account', account },
          { type: 'put-key', key: full.key, digest: full.digest },
          { type: 'put-key', key: bare.key, digest: bare.digest },
          { type: 'put-node', node: node.node, digest: node.digest },
          { type: 'put-deployment', deployment: bound },
          { type: 'put-deployment', deployment: unbound },
          { type: 'put-member-limits', limits: { ...tight, concurrency: 9 } },
          { type: 'put-member-limits', limits: tight },
          { type: 'put-member-limits', limits: loose },
          { type: 'put-member-limits', limits: { ...loose, personId: 'person_3' } },
          { type: 'delete-member-limits', accountId: 'acc_1', personId: 'person_3' },
          { type: 'set-meta', key: 'first', value: 'run' },
        ],
        AUDIT,
      );
      const expected = {
        accounts: [account],
        keys: [
          { key: full.key, digest: full.digest, lastUsedAtMs: undefined },
          { key: bare.key, digest: bare.digest, lastUsedAtMs: undefined },
        ],
        nodes: [{ node: node.node, digest: node.digest }],
        deployments: [bound, unbound],
        memberLimits: [tight, loose],
      };
      expect(await harness.store.load()).toEqual(expected);
      const reopened = await harness.reopen();
      expect(await reopened.load()).toEqual(expected);
      expect(await reopened.meta('first')).toBe('run');
      expect(await reopened.auditTrail(10)).toEqual([AUDIT]);
    });

    it('replaces by id', async () => {
      const key = testKey();
      const other = testKey();
      await harness.store.commit([{ type: 'put-account', account: testAccount() }], AUDIT);
      await harness.store.commit([{ type: 'put-key', key: key.key, digest: key.digest }], AUDIT);
      await harness.store.commit(
        [
          { type: 'put-account', account: testAccount({ suspended: true }) },
          { type: 'put-key', key: { ...key.key, name: 'new', last4: other.key.last4 }, digest: other.digest },
          { type: 'set-meta', key: 'k', value: '1' },
          { type: 'set-meta', key: 'k', value: '2' },
        ],
        AUDIT,
      );
      const loaded = await harness.store.load();
      expect(loaded.accounts).toEqual([testAccount({ suspended: true })]);
      expect(loaded.keys).toMatchObject([{ key: { id: 'key_1', name: 'new' }, digest: other.digest }]);
      expect(await harness.store.meta('k')).toBe('2');
    });

    it('keeps a key with its person for ever, and lets the account keep its own', async () => {
      const key = testKey({ personId: 'person_1' });
      const common = testKey({ id: 'key_2' });
      await harness.store.commit(
        [
          { type: 'put-account', account: testAccount() },
          { type: 'put-key', key: key.key, digest: key.digest },
          { type: 'put-key', key: common.key, digest: common.digest },
        ],
        AUDIT,
      );
      for (const personId of ['person_2', undefined]) {
        const moved = { type: 'put-key', key: { ...key.key, personId }, digest: key.digest } as const;
        await expect(harness.store.commit([moved], AUDIT)).rejects.toThrow();
      }
      const renamed = { type: 'put-key', key: { ...key.key, name: 'new' }, digest: key.digest } as const;
      await harness.store.commit([renamed], AUDIT);
      expect((await harness.store.load()).keys).toMatchObject([
        { key: { personId: 'person_1', name: 'new' } },
        { key: { personId: undefined } },
      ]);
    });

    it('writes all of a commit or nothing, the audit line included', async () => {
      const key = testKey();
      await harness.store.commit(
        [
          { type: 'put-account', account: testAccount() },
          { type: 'put-key', key: key.key, digest: key.digest },
        ],
        AUDIT,
      );
      const before = await harness.store.load();
      const sameDigest = { type: 'put-key', key: { ...key.key, id: 'key_2' }, digest: key.digest } as const;
      const orphan = {
        type: 'put-key',
        key: testKey({ id: 'key_3', accountId: 'acc_none' }).key,
        digest: testKey().digest,
      } as const;
      for (const bad of [sameDigest, orphan]) {
        const good = { type: 'put-account', account: testAccount({ id: 'acc_2' }) } as const;
        await expect(harness.store.commit([good, bad], AUDIT)).rejects.toThrow();
      }
      expect(await harness.store.load()).toEqual(before);
      expect(await harness.store.auditTrail(10)).toHaveLength(1);
    });

    it('deletes a deployment, and lets two accounts use one name, but no account twice', async () => {
      const mine = testDeployment();
      const theirs = testDeployment({ id: 'dep_2', accountId: 'acc_2' });
      const { store } = harness;
      await store.commit(
        [
          { type: 'put-account', account: testAccount() },
          { type: 'put-account', account: testAccount({ id: 'acc_2' }) },
          { type: 'put-deployment', deployment: mine },
          { type: 'put-deployment', deployment: theirs },
        ],
        AUDIT,
      );
      const twice = { type: 'put-deployment', deployment: testDeployment({ id: 'dep_3' }) } as const;
      await expect(store.commit([twice], AUDIT)).rejects.toThrow();
      await store.commit(
        [
          { type: 'delete-deployment', id: 'dep_1' },
          { type: 'delete-deployment', id: 'dep_none' },
        ],
        AUDIT,
      );
      expect((await store.load()).deployments).toEqual([theirs]);
      await store.commit([twice], AUDIT);
      expect((await store.load()).deployments).toHaveLength(2);
    });

    it('keeps the time of last use through later changes of the key', async () => {
      const key = testKey();
      await harness.store.commit(
        [
          { type: 'put-account', account: testAccount() },
          { type: 'put-key', key: key.key, digest: key.digest },
        ],
        AUDIT,
      );
      await harness.store.recordKeyUse(
        new Map([
          ['key_1', 5_000],
          ['key_unknown', 6_000],
        ]),
      );
      await harness.store.commit(
        [{ type: 'put-key', key: { ...key.key, concurrency: 9 }, digest: key.digest }],
        AUDIT,
      );
      const [stored] = (await harness.store.load()).keys;
      expect(stored).toMatchObject({ lastUsedAtMs: 5_000, key: { concurrency: 9 } });
    });

    it('gives the newest audit lines first, as many as were asked for', async () => {
      for (let index = 1; index <= 5; index += 1) await harness.store.commit([], { ...AUDIT, atMs: index });
      expect((await harness.store.auditTrail(2)).map((line) => line.atMs)).toEqual([5, 4]);
    });

    it('takes many commits at once', async () => {
      await Promise.all(
        Array.from({ length: 50 }, (_none, index) =>
          harness.store.commit(
            [{ type: 'put-account', account: testAccount({ id: `acc_${index}` }) }],
            AUDIT,
          ),
        ),
      );
      expect((await harness.store.load()).accounts).toHaveLength(50);
    });
  });
}
