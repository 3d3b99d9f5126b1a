import type { SignInOutcome } from '../api/auth.ts';
import { ApiError, sendJson } from '../api/client.ts';
import { hexOfText, signInMessage } from './message.ts';
import type { Wallet, WalletProvider } from './wallets.ts';

const ADDRESS_SHAPE = /^0x[0-9a-fA-F]{40}$/;
/** 65 bytes: what a wallet with a key of its own gives. Those that are contracts give more. */
const SIGNATURE_SHAPE = /^0x[0-9a-fA-F]{130}$/;

/** Codes of EIP-1193 and, for the last one, of EIP-1474 as wallets use it for a question that is open already. */
const REFUSED = 4001;
const NOT_ALLOWED = 4100;
const BUSY = -32_002;

/** Texts for what goes wrong before the site is asked. `wallet_wrong_address` names the account that is wanted. */
export const WALLET_PROBLEMS = {
  wallet_missing:
    'No wallet was found in this browser. Add one as an extension, or open this page in the browser of your wallet’s app.',
  wallet_refused: 'You refused it in the wallet. Nothing was signed.',
  wallet_busy: 'The wallet has asked you something already. Open it and answer there.',
  wallet_no_account: 'The wallet gave no account. Unlock it, choose an account there, and try again.',
  wallet_wrong_address:
    'The wallet has chosen another account. Choose the right one in the wallet and try again.',
  wallet_contract:
    'This wallet did not sign with a key of its own. Wallets that are contracts cannot be used to sign in here.',
  wallet_failed: 'The wallet did not sign. Open it, see what it says, and try again.',
} as const;

export function walletProblem(code: keyof typeof WALLET_PROBLEMS, message = ''): ApiError {
  return new ApiError(0, { code, message: message || WALLET_PROBLEMS[code] });
}

/**
 * Asks a wallet for an account and a signature, and the site for a session. `only`: addresses of which it must be one, for
 * somebody who signs in again; empty for everybody's.
 * Throws `ApiError`: the codes of `WALLET_PROBLEMS`, those of the site, and `wallet_other_site`.
 */
export async function signInWithWallet(
  { provider }: Wallet,
  { siteUrl, only, signal }: { siteUrl: string; only: readonly string[]; signal: AbortSignal },
): Promise<SignInOutcome> {
  refuseOtherSite(siteUrl);
  const address = chosenAccount(await ask(provider, 'eth_requestAccounts'), only);
  const chainId = readChainId(await ask(provider, 'eth_chainId'));
  const { nonce } = await sendJson<{ nonce: string }>('POST', '/api/auth/siwe/nonce');
  const message = signInMessage({ siteUrl, address, chainId, nonce, issuedAtMs: Date.now() });
  const signature = readSignature(await ask(provider, 'personal_sign', [hexOfText(message), address]));
  // Whoever has left the page meanwhile does not want to be signed in any more.
  signal.throwIfAborted();
  const answer = await sendJson<{ twoFactorRedirect?: boolean }>('POST', '/api/auth/siwe/verify', {
    message,
    signature,
  });
  return answer.twoFactorRedirect === true ? 'second-factor' : 'signed-in';
}

/** Wallets warn of a text that names another site than the page's: on one's own machine there are several names. */
function refuseOtherSite(siteUrl: string): void {
  const { origin } = new URL(siteUrl);
  if (origin === window.location.origin) return;
  throw new ApiError(0, {
    code: 'wallet_other_site',
    message: `Wallets work where this site is at home. Open ${origin} and sign in there.`,
  });
}

async function ask(provider: WalletProvider, method: string, params?: readonly unknown[]): Promise<unknown> {
  try {
    return await provider.request(params === undefined ? { method } : { method, params });
  } catch (error) {
    throw walletProblem(refusalOf(error));
  }
}

/** What a wallet's error means. Its own words are not shown: any extension can write them. */
export function refusalOf(error: unknown): keyof typeof WALLET_PROBLEMS {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  if (code === REFUSED) return 'wallet_refused';
  if (code === NOT_ALLOWED) return 'wallet_wrong_address';
  return code === BUSY ? 'wallet_busy' : 'wallet_failed';
}

/** Of the accounts that a wallet lets the page see: the first, or the first that is wanted. */
export function chosenAccount(accounts: unknown, only: readonly string[]): string {
  const known = (Array.isArray(accounts) ? accounts : []).filter(
    (account): account is string => typeof account === 'string' && ADDRESS_SHAPE.test(account),
  );
  const wanted = only.map((address) => address.toLowerCase());
  const chosen =
    wanted.length === 0 ? known[0] : known.find((account) => wanted.includes(account.toLowerCase()));
  if (chosen !== undefined) return chosen;
  const [first] = only;
  if (known.length === 0 || first === undefined) throw walletProblem('wallet_no_account');
  throw walletProblem(
    'wallet_wrong_address',
    `The wallet has chosen another account. Choose ${first} in the wallet and try again.`,
  );
}

/** `0x1`, or a number with some wallets. What cannot be read counts as the main chain: no chain is asked anything. */
export function readChainId(answer: unknown): number {
  const number = typeof answer === 'string' || typeof answer === 'number' ? Number(answer) : 0;
  return Number.isSafeInteger(number) && number > 0 ? number : 1;
}

function readSignature(answer: unknown): string {
  if (typeof answer !== 'string' || !SIGNATURE_SHAPE.test(answer)) throw walletProblem('wallet_contract');
  return answer;
}
