import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openTestGateway, type TestGateway } from '../cli/test-gateway.ts';
import type { Result } from '../core/result.ts';
import { LIMITS } from '../core/limits.ts';
import { createVirtualClock, type VirtualClock } from '../testing/virtual-clock.ts';
import type { AdminContext } from './context.ts';
import { runOperation, type OperationInput, type OperationName, type OperationOutput } from './operations.ts';

let clock: VirtualClock;
let gateway: TestGateway;
let context: AdminContext;
beforeEach(async () => {
  clock = createVirtualClock(Date.UTC(2026, 10, 20, 12));
  gateway = await openTestGateway(clock);
  context = gateway.context;
  for (const name of ['alice', 'bob']) await run('account.create', { name });
});
afterEach(() => gateway.dispose());

async function run<Name extends OperationName>(
  name: Name,
  input: OperationInput<Name>,
): Promise<OperationOutput<Name>> {
  const outcome = await runOperation(context, name, input);
  if (!outcome.ok) throw new Error(`${name}: ${outcome.error.code} ${outcome.error.message ?? ''}`);
  return outcome.value as OperationOutput<Name>;
}

async function refusal(name: OperationName, input: unknown) {
  const outcome: Result<unknown, unknown> = await runOperation(context, name, input);
  return outcome.ok ? 'accepted' : outcome.error;
}

const addPrivateNode = (name: string, account: string) => run('node.add', { name, account, kind: 'private' });

describe('deployments', () => {
  it('belong to an account, under a name that another one may use, too', async () => {
    const mine = await run('deployment.add', { name: 'home', account: 'alice', model: 'qwen3:8b' });
    expect(mine).toMatchObject({
      name: 'home',
      account: { name: 'alice' },
      model: 'qwen3:8b',
      nodes: null,
      state: 'unknown',
      live: null,
      price: { type: 'flat', perRequest: { micros: 0 } },
      createdAt: '2026-11-20T12:00:00.000Z',
    });
    const theirs = await run('deployment.add', { name: 'home', account: 'bob' });
    expect(theirs).toMatchObject({ model: 'home', account: { name: 'bob' } });
    expect(await refusal('deployment.show', { deployment: 'home' })).toMatchObject({
      code: 'invalid_request',
      message: 'Several deployments have this name: give the id.',
    });
    expect(await run('deployment.show', { deployment: 'home', account: 'alice' })).toEqual(mine);
    expect(await run('deployment.show', { deployment: theirs.id })).toEqual(theirs);
    const { deployments } = await run('deployment.list', { account: 'bob' });
    expect(deployments).toEqual([theirs]);
    expect((await run('deployment.list', { limit: 1 })).total).toBe(2);
    context = await gateway.reopen();
    expect(await run('deployment.show', { deployment: mine.id })).toEqual(mine);
  });

  it('of one account are not found through another', async () => {
    const { id } = await run('deployment.add', { name: 'home', account: 'alice' });
    for (const deployment of ['home', id])
      expect(await refusal('deployment.show', { deployment, account: 'bob' })).toMatchObject({
        code: 'not_found',
      });
    expect(await refusal('deployment.remove', { deployment: id, account: 'bob' })).toMatchObject({
      code: 'not_found',
    });
  });

  it('take no name of the catalogue, none twice, and none that is no name', async () => {
    await run('deployment.add', { name: 'home', account: 'alice' });
    for (const name of ['small', 'tiny', 'metered', 'home'])
      expect(await refusal('deployment.add', { name, account: 'alice' })).toMatchObject({
        code: 'invalid_request',
        param: 'name',
      });
    for (const name of ['', ' home', 'a b', '../etc', '-x', 'x'.repeat(129), 'naïve'])
      expect(await refusal('deployment.add', { name, account: 'alice' })).toMatchObject({
        code: 'invalid_request',
        param: 'name',
      });
    expect((await run('deployment.list', {})).total).toBe(1);
  });

  it('may be bound to private nodes of the account, and to no others', async () => {
    const laptop = await addPrivateNode('laptop', 'alice');
    const other = await addPrivateNode('laptop', 'bob');
    const shared = await run('node.add', { name: 'gpu', account: 'alice', pool: 'main' });
    const made = await run('deployment.add', { name: 'home', account: 'alice', nodes: ['laptop'] });
    expect(made.nodes).toEqual([{ id: laptop.node.id, name: 'laptop' }]);
    for (const [node, code] of [
      [other.node.id, 'not_found'],
      [shared.node.id, 'invalid_request'],
      ['nobody', 'not_found'],
    ])
      expect(await refusal('deployment.add', { name: 'lab', account: 'alice', nodes: [node] })).toMatchObject(
        {
          code,
          param: 'nodes[0]',
        },
      );
  });

  it('are free to be named again once removed; a key that listed one gets nothing of the next', async () => {
    const { id } = await run('deployment.add', { name: 'home', account: 'alice' });
    const { key } = await run('key.create', { account: 'alice', name: 'laptop', deployments: ['home'] });
    expect(key.deployments).toEqual(['home']);
    expect(await run('deployment.remove', { deployment: id })).toMatchObject({ id, name: 'home' });
    const next = await run('deployment.add', { name: 'home', account: 'alice' });
    expect(next.id).not.toBe(id);
    expect((await run('key.show', { key: 'laptop' })).deployments).toEqual([]);
    expect(context.registry.directory.key(key.id)?.identity.key.deployments).toEqual([id]);
    expect(await run('key.update', { key: 'laptop', deployments: ['home'] })).toMatchObject({
      deployments: ['home'],
    });
    expect(await run('key.update', { key: 'laptop', deployments: null })).toMatchObject({
      deployments: null,
    });
  });

  it('of others cannot be given to a key', async () => {
    const { id } = await run('deployment.add', { name: 'home', account: 'bob' });
    for (const deployment of ['home', id])
      expect(
        await refusal('key.create', { account: 'alice', name: 'x', deployments: [deployment] }),
      ).toMatchObject({ code: 'not_found', param: 'deployments[0]' });
    await run('key.create', { account: 'alice', name: 'mine' });
    expect(await refusal('key.update', { key: 'mine', deployments: [id] })).toMatchObject({
      code: 'not_found',
    });
  });

  it('are bounded in number for each account', async () => {
    for (let index = 0; index < LIMITS.deploymentsPerAccountMax; index += 1)
      await run('deployment.add', { name: `d${index}`, account: 'alice' });
    expect(await refusal('deployment.add', { name: 'more', account: 'alice' })).toMatchObject({
      code: 'invalid_request',
      param: 'account',
    });
    await run('deployment.add', { name: 'more', account: 'bob' });
  });

  it('say that the catalogue hides them when it got a model of their name later', async () => {
    const made = await run('deployment.add', { name: 'home', account: 'alice' });
    const small = context.models.find('small');
    if (small === undefined) throw new Error('the catalogue has no model small');
    const { find } = context.models;
    context = {
      ...context,
      models: { ...context.models, find: (name) => (name === 'home' ? small : find(name)) },
    };
    expect(await run('deployment.show', { deployment: made.id })).toMatchObject({ state: 'hidden' });
  });

  it('leave lines in the audit trail', async () => {
    const { id, account } = await run('deployment.add', { name: 'home', account: 'alice' });
    await run('deployment.remove', { deployment: id });
    expect((await run('audit.list', { limit: 2 })).entries).toMatchObject([
      { action: 'deployment.remove', subject: id, detail: `account ${account.id}` },
      { action: 'deployment.add', subject: id },
    ]);
  });
});

describe('private nodes', () => {
  it('need no pool, shared ones do', async () => {
    const { node, token, connect } = await addPrivateNode('laptop', 'alice');
    expect(node).toMatchObject({ pool: '', kind: 'private', account: { name: 'alice' } });
    expect(context.registry.directory.authenticateNode(token)).toMatchObject({ pool: '', kind: 'private' });
    expect(connect).toBe(
      `(umask 077; echo ${token} > node-token) && npx switchyard connect --gateway http://127.0.0.1:8080 --token-file node-token --private`,
    );
    expect(await refusal('node.add', { name: 'gpu', account: 'alice' })).toMatchObject({
      code: 'invalid_request',
      param: 'pool',
    });
  });
});
