import type { Page } from 'playwright-core';
import { personalSign, WALLET_ADDRESS } from '../../../packages/gateway/src/people/testing-wallet.ts';

/** What a wallet of the tests does when a page asks for a signature. */
type WalletMood = 'signs' | 'refuses' | 'signs-something-else' | 'is-a-contract';

export type PlayedWallet = {
  mood: WalletMood;
  /** What it was asked to sign. */
  readonly texts: string[];
};

/**
 * Puts wallets into a page as extensions of a browser do: they announce themselves (EIP-6963), answer `request` (EIP-1193),
 * and sign for real, outside of the page. `injected`: there is only one, at `window.ethereum`.
 */
export async function addWallets(page: Page, names: readonly string[] | 'injected'): Promise<PlayedWallet> {
  const wallet: PlayedWallet = { mood: 'signs', texts: [] };
  await page.exposeFunction('signAsWallet', (hex: string): { code: number } | string => {
    const text = Buffer.from(hex.slice(2), 'hex').toString();
    wallet.texts.push(text);
    if (wallet.mood === 'refuses') return { code: 4001 };
    if (wallet.mood === 'is-a-contract') return `0x${'ab'.repeat(200)}`;
    return personalSign(wallet.mood === 'signs' ? text : `${text} `);
  });
  await page.addInitScript(`(() => {
    const request = async ({ method, params }) => {
      if (method === 'eth_requestAccounts') return ['${WALLET_ADDRESS}'];
      if (method === 'eth_chainId') return '0x2105';
      if (method !== 'personal_sign' || params[1] !== '${WALLET_ADDRESS}') throw { code: 4200 };
      const answer = await window.signAsWallet(params[0]);
      if (typeof answer === 'string') return answer;
      throw Object.assign(new Error('User rejected the request.'), answer);
    };
    const names = ${JSON.stringify(names)};
    if (names === 'injected') {
      window.ethereum = { request };
      return;
    }
    const announce = () => names.forEach((name) => dispatchEvent(
      new CustomEvent('eip6963:announceProvider', {
        detail: Object.freeze({ info: { uuid: name, name, icon: 'data:,', rdns: 'test' }, provider: { request } }),
      }),
    ));
    addEventListener('eip6963:requestProvider', announce);
    announce();
  })()`);
  return wallet;
}
