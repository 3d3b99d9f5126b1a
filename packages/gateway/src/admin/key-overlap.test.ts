import { afterEach, beforeEach, expect, it } from 'vitest';
import { openTestGateway } from '../cli/test-gateway.ts';
import type { TestGateway } from '../cli/test-gateway.ts';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import { createAccount } from './accounts.ts';
import { replaceKey } from './key-overlap.ts';
import { createKey } from './keys.ts';

let gateway: TestGateway;
beforeEach(async () => {
  gateway = await openTestGateway(createVirtualClock(Date.UTC(2026, 10, 20, 12)));
});
afterEach(() => gateway.dispose());

it('cuts the name of the ending key between two characters, so that it is the same after a restart', async () => {
  const account = await createAccount(gateway.context, { name: 'alice', role: 'person' });
  if (!account.ok) throw new Error(account.error.code);
  const name = `${'x'.repeat(93)}😀yyyyy`;
  const words = { account: account.value.id, name, scopes: ['inference' as const] };
  const old = await createKey(gateway.context, words);
  if (!old.ok) throw new Error(old.error.code);
  const { id } = old.value.key;
  expect(await replaceKey(gateway.context, { key: id, overlapHours: 1 })).toMatchObject({ ok: true });
  const nameOf = () => gateway.context.registry.directory.key(id)?.identity.key.name;
  expect(nameOf()).toBe(`${'x'.repeat(93)} (old)`);
  gateway.context = await gateway.reopen();
  expect(nameOf()).toBe(`${'x'.repeat(93)} (old)`);
});
