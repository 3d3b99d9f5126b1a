import { expect, it } from 'vitest';
import { announcedWallet, injectedWallet, watchWallets, type Wallet } from './wallets.ts';

const provider = { request: () => Promise.resolve(undefined) };
const detail = (uuid: string, name = uuid) => ({ info: { uuid, name, icon: '', rdns: 'x' }, provider });

/** A page with wallets that announce themselves when they are asked, as EIP-6963 wants. */
function pageWith(...details: unknown[]) {
  const page = new EventTarget();
  const announce = (one: unknown) =>
    page.dispatchEvent(new CustomEvent('eip6963:announceProvider', { detail: one }));
  page.addEventListener('eip6963:requestProvider', () => details.forEach(announce));
  return { page, announce };
}

function heard(page: EventTarget) {
  let names: string[] = [];
  const stop = watchWallets(page, (wallets: readonly Wallet[]) => (names = wallets.map(({ name }) => name)));
  return { names: () => names, stop };
}

it('hears wallets that are there, and those that come later, each once', () => {
  const { page, announce } = pageWith(detail('a', 'Ant'), detail('b', 'Bee'));
  const { names, stop } = heard(page);
  expect(names()).toEqual(['Ant', 'Bee']);
  announce(detail('c', 'Cow'));
  announce(detail('a', 'Ant 2'));
  expect(names()).toEqual(['Ant 2', 'Bee', 'Cow']);
  stop();
  announce(detail('d'));
  expect(names()).toEqual(['Ant 2', 'Bee', 'Cow']);
});

it('is not flooded', () => {
  const { page } = pageWith(...Array.from({ length: 1_000 }, (_, at) => detail(`w${at}`)));
  expect(heard(page).names()).toHaveLength(12);
});

it.each([
  undefined,
  null,
  'wallet',
  {},
  { info: null, provider },
  { info: { uuid: 1, name: 'x' }, provider },
  { info: { uuid: '', name: 'x' }, provider },
  { info: { uuid: 'a', name: 'x' } },
  { info: { uuid: 'a', name: 'x' }, provider: { request: 'no' } },
])('takes %j for no wallet', (value) => {
  expect(announcedWallet(value)).toBeUndefined();
});

it('shows a name as one short line', () => {
  expect(announcedWallet(detail('a', `\u202eevil\n${'x'.repeat(100)}`))?.name).toBe(`evil ${'x'.repeat(35)}`);
  expect(announcedWallet(detail('a', '\n'))?.name).toBe('Wallet');
});

it('falls back to the one at window.ethereum', () => {
  expect(injectedWallet({ ethereum: provider })).toEqual({ id: 'injected', name: 'Wallet', provider });
  expect(injectedWallet({ ethereum: 'x' })).toBeUndefined();
  expect(injectedWallet({})).toBeUndefined();
});
