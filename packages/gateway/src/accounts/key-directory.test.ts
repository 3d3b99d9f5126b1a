import { describe, expect, it } from 'vitest';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import { TEST_BRAND, testAccount, testKey, testNode } from './fixtures.ts';
import { createKeyDirectory, requireScope } from './key-directory.ts';
import { createApiKeySecret, createNodeToken } from './key-secret.ts';
import { endMembership } from './personal-keys.ts';

function setUp() {
  const clock = createVirtualClock();
  const ada = testKey();
  const gpu = testNode();
  const directory = createKeyDirectory({
    clock,
    brand: TEST_BRAND,
    snapshot: {
      accounts: [testAccount()],
      keys: [{ key: ada.key, digest: ada.digest, lastUsedAtMs: undefined }],
      nodes: [{ node: gpu.node, digest: gpu.digest }],
      deployments: [],
      memberLimits: [],
    },
  });
  return { clock, directory, ada, gpu };
}

const bearer = (secret: string): string[] => ['Host', 'localhost', 'Authorization', `Bearer ${secret}`];

describe('authenticate', () => {
  it('finds account and key', () => {
    const { directory, ada } = setUp();
    const result = directory.authenticate(bearer(ada.secret));
    expect(result).toEqual({ ok: true, value: { account: testAccount(), key: ada.key, member: undefined } });
  });

  it.each([
    ['a well-formed key that was never given out', () => createApiKeySecret('sk-acme-')],
    ['a well-formed admin key that was never given out', () => createApiKeySecret('ak-acme-')],
    ['a key of another service', () => createApiKeySecret('sk-other-')],
    ['a node token', () => createNodeToken().token],
    ['junk', () => "' OR 1=1 --"],
  ])('refuses %s', (_what, make) => {
    const { directory } = setUp();
    const result = directory.identify(make());
    expect(result).toMatchObject({ ok: false, error: { code: 'invalid_api_key' } });
  });

  it("passes the extractor's faults on", () => {
    const { directory, ada } = setUp();
    const result = directory.authenticate([...bearer(ada.secret), 'x-api-key', 'another']);
    expect(result).toMatchObject({ ok: false, error: { code: 'conflicting_credentials' } });
  });

  it('refuses a key from the very millisecond of its expiry on', () => {
    const { clock, directory, ada } = setUp();
    directory.apply([
      { type: 'put-key', digest: ada.digest, key: { ...ada.key, expiresAtMs: clock.nowMs() + 1_000 } },
    ]);
    clock.advance(999);
    expect(directory.identify(ada.secret).ok).toBe(true);
    clock.advance(1);
    expect(directory.identify(ada.secret)).toMatchObject({ ok: false, error: { code: 'invalid_api_key' } });
  });

  it('refuses a revoked key at once', () => {
    const { clock, directory, ada } = setUp();
    expect(directory.identify(ada.secret).ok).toBe(true);
    directory.apply([
      { type: 'put-key', digest: ada.digest, key: { ...ada.key, revokedAtMs: clock.nowMs() } },
    ]);
    expect(directory.identify(ada.secret)).toMatchObject({ ok: false, error: { code: 'invalid_api_key' } });
  });

  it('refuses every key of a suspended account, and takes them again once it is resumed', () => {
    const { directory, ada } = setUp();
    const second = testKey({ id: 'key_2' });
    directory.apply([{ type: 'put-key', key: second.key, digest: second.digest }]);
    directory.apply([{ type: 'put-account', account: testAccount({ suspended: true }) }]);
    for (const secret of [ada.secret, second.secret]) {
      expect(directory.identify(secret)).toMatchObject({ ok: false, error: { code: 'account_suspended' } });
    }
    directory.apply([{ type: 'put-account', account: testAccount() }]);
    expect(directory.identify(second.secret)).toMatchObject({ ok: true });
  });

  it('takes only the new secret after a key got another one', () => {
    const { directory, ada } = setUp();
    const next = testKey();
    directory.apply([{ type: 'put-key', key: next.key, digest: next.digest }]);
    expect(directory.identify(ada.secret).ok).toBe(false);
    expect(directory.identify(next.secret)).toMatchObject({ ok: true, value: { key: { id: ada.key.id } } });
  });

  it('sees changed limits and model lists with the next request', () => {
    const { directory, ada } = setUp();
    directory.apply([
      { type: 'put-key', digest: ada.digest, key: { ...ada.key, models: ['m-1'], concurrency: 3 } },
    ]);
    expect(directory.identify(ada.secret)).toMatchObject({
      ok: true,
      value: { key: { models: ['m-1'], concurrency: 3 } },
    });
  });
});

describe('scopes', () => {
  it('lets a key do what it was made for and nothing else', () => {
    const { key } = testKey({ scopes: ['read'] });
    expect(requireScope(key, 'read')).toBeUndefined();
    expect(requireScope(key, 'inference')).toMatchObject({ code: 'permission_denied' });
    expect(requireScope(key, 'admin')).toMatchObject({ code: 'permission_denied' });
  });
});

describe('times of last use', () => {
  it('are handed out once, for keys that were used, with the newest time', () => {
    const { clock, directory, ada } = setUp();
    directory.identify(ada.secret);
    clock.advance(5_000);
    directory.identify(ada.secret);
    expect(directory.takeKeyUses()).toEqual(new Map([['key_1', clock.nowMs()]]));
    expect(directory.takeKeyUses().size).toBe(0);
  });

  it('do not count refused requests', () => {
    const { directory, ada } = setUp();
    directory.apply([{ type: 'put-account', account: testAccount({ suspended: true }) }]);
    directory.identify(ada.secret);
    expect(directory.takeKeyUses().size).toBe(0);
  });
});

describe('node tokens', () => {
  it('name the node', () => {
    const { directory, gpu } = setUp();
    expect(directory.authenticateNode(gpu.token)).toEqual({
      nodeId: 'node_1',
      name: 'gpu-1',
      pool: 'main',
      kind: 'shared',
      accountId: 'acc_1',
    });
  });

  it('are refused when unknown, malformed, revoked or replaced', () => {
    const { clock, directory, gpu } = setUp();
    expect(directory.authenticateNode(createNodeToken().token)).toBeUndefined();
    expect(directory.authenticateNode('nk_')).toBeUndefined();
    const next = testNode();
    directory.apply([{ type: 'put-node', node: next.node, digest: next.digest }]);
    expect(directory.authenticateNode(gpu.token)).toBeUndefined();
    expect(directory.authenticateNode(next.token)).toMatchObject({ nodeId: 'node_1' });
    directory.apply([
      { type: 'put-node', node: { ...next.node, revokedAtMs: clock.nowMs() }, digest: next.digest },
    ]);
    expect(directory.authenticateNode(next.token)).toBeUndefined();
  });

  it('say suspended for a suspended node and for a node of a suspended account', () => {
    const { directory, gpu } = setUp();
    directory.apply([
      { type: 'put-node', node: { ...gpu.node, suspendedReason: 'wrong answers' }, digest: gpu.digest },
    ]);
    expect(directory.authenticateNode(gpu.token)).toBe('suspended');
    directory.apply([{ type: 'put-node', node: gpu.node, digest: gpu.digest }]);
    directory.apply([{ type: 'put-account', account: testAccount({ suspended: true }) }]);
    expect(directory.authenticateNode(gpu.token)).toBe('suspended');
  });
});

describe('keys of a person', () => {
  const ann = { accountId: 'acc_1', personId: 'ann' };
  const limits = { ...ann, requestsPerMinute: 3, concurrency: undefined, spendLimits: {} };
  const put = (one: ReturnType<typeof testKey>) =>
    ({ type: 'put-key', key: one.key, digest: one.digest }) as const;

  function withKeys() {
    const parts = setUp();
    const [first, second] = [
      testKey({ id: 'key_a', personId: 'ann' }),
      testKey({ id: 'key_b', personId: 'ann' }),
    ];
    const bens = testKey({ id: 'key_c', personId: 'ben' });
    parts.directory.apply([put(first), put(bens)]);
    const memberOf = (secret: string) => {
      const found = parts.directory.identify(secret);
      return found.ok ? found.value.member : found.error.code;
    };
    return { ...parts, first, second, bens, memberOf };
  }

  it('carry the same share of limits, also those that come later, and nobody else does', () => {
    const { directory, ada, first, second, bens, memberOf } = withKeys();
    expect(memberOf(first.secret)).toBeUndefined();
    directory.apply([{ type: 'put-member-limits', limits }, put(second)]);
    expect(memberOf(first.secret)).toEqual({ ...limits, id: 'acc_1/ann', keyIds: ['key_a', 'key_b'] });
    expect(memberOf(second.secret)).toBe(memberOf(first.secret));
    expect([memberOf(ada.secret), memberOf(bens.secret)]).toEqual([undefined, undefined]);
  });

  it('see another limit and its end at once, and keep it through changes of key and account', () => {
    const { directory, first, memberOf } = withKeys();
    directory.apply([
      { type: 'put-member-limits', limits },
      put({ ...first, key: { ...first.key, name: 'new' } }),
      { type: 'put-account', account: testAccount({ name: 'new' }) },
    ]);
    expect(memberOf(first.secret)).toMatchObject({ requestsPerMinute: 3 });
    directory.apply([{ type: 'put-member-limits', limits: { ...limits, requestsPerMinute: 4 } }]);
    expect(memberOf(first.secret)).toMatchObject({ requestsPerMinute: 4 });
    directory.apply([{ type: 'delete-member-limits', ...ann }]);
    expect(memberOf(first.secret)).toBeUndefined();
  });

  it('end together, with what was said of the person', () => {
    const { directory, ada, first, bens, memberOf } = withKeys();
    directory.apply([{ type: 'put-member-limits', limits }]);
    directory.apply(endMembership(directory, ann, 7));
    expect(memberOf(first.secret)).toBe('invalid_api_key');
    expect([directory.identify(ada.secret).ok, directory.identify(bens.secret).ok]).toEqual([true, true]);
    expect(directory.memberLimits(ann)).toBeUndefined();
    expect(endMembership(directory, ann, 8)).toEqual([]);
  });
});
