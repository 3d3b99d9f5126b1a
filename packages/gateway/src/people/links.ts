import { hash } from 'node:crypto';
import { randomBase62 } from '../core/ids.ts';

/** The pages of the web app that links lead to. */
export type LinkPage = 'operator-setup' | 'invitation' | 'reset-password' | 'sign-in' | 'confirm-email';

/** 238 bits. */
const TOKEN_CHARS = 40;
const TOKEN_SHAPE = /^[0-9A-Za-z]{40}$/;

/** `https://api.example.com/invitation?token=...` */
export function linkTo(siteUrl: string, page: LinkPage, token?: string): string {
  return `${siteUrl}/${page}${token === undefined ? '' : `?token=${encodeURIComponent(token)}`}`;
}

/** A token that is handed out once, and what is kept of it. */
export function newToken(): { token: string; digest: string } {
  const token = randomBase62(TOKEN_CHARS);
  return { token, digest: digestOf(token) };
}

/** What is kept of a token: SHA-256 in base64, enough for 238 random bits. Undefined for what cannot be one. */
export function tokenDigest(token: unknown): string | undefined {
  return typeof token === 'string' && TOKEN_SHAPE.test(token) ? digestOf(token) : undefined;
}

function digestOf(token: string): string {
  return hash('sha256', token, 'base64');
}
