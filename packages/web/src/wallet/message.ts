import { checksumAddress } from './checksum.ts';

/** What a wallet is asked to sign. */
export type SignInRequest = {
  /** Origin of the site, as its operator configured it. */
  siteUrl: string;
  /** `0x` and 40 hexadecimal digits. */
  address: string;
  chainId: number;
  /** From the site; good once, for a quarter of an hour. */
  nonce: string;
  issuedAtMs: number;
};

/**
 * The text that a wallet shows and signs. Wallets know this form, and warn when it names another site than the page's.
 * Source: ERC-4361, eips.ethereum.org, read 2026-11.
 */
export function signInMessage({ siteUrl, address, chainId, nonce, issuedAtMs }: SignInRequest): string {
  const { host, origin } = new URL(siteUrl);
  return `${host} wants you to sign in with your Ethereum account:
${checksumAddress(address)}

Sign in. This costs nothing and moves nothing.

URI: ${origin}
Version: 1
Chain ID: ${chainId}
Nonce: ${nonce}
Issued At: ${new Date(issuedAtMs).toISOString()}`;
}

/** A text as `personal_sign` takes it: its UTF-8 bytes in hexadecimal digits. */
export function hexOfText(text: string): string {
  const bytes = new TextEncoder().encode(text);
  return `0x${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}
