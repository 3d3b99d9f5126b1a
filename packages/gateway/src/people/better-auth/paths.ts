/** The address of the sender, set by the gateway itself; what a client sends under this name is dropped. */
export const ADDRESS_HEADER = 'x-switchyard-address';

/** Where Better Auth is mounted, and nowhere else. */
export const AUTH_PATH = '/api/auth';

/** The one path here that is ours: a person who is signed in becomes an operator by a one-time link. */
export const CLAIM_PATH = '/operator/claim';

/**
 * What of Better Auth can be reached. Whatever is not here does not exist: the library has more routes than this
 * gateway wants (sessions' tokens, providers' tokens, changes of address). Below `/api/auth`.
 *
 * `guess`: a secret is sent, or something is kept for each asking, so tries are counted by network address, and by
 * mailbox where one is named.
 * `takes`: the only fields that are passed on.
 */
type PathRow = { method: 'GET' | 'POST'; guess?: true; takes?: readonly string[] };

/** Without `idToken`: with a provider's token from elsewhere one could sign in past the browser and the second factor. */
const PROVIDER_FIELDS = ['provider', 'callbackURL', 'errorCallbackURL', 'newUserCallbackURL'] as const;

const PATHS: Record<string, PathRow> = {
  '/sign-up/email': { method: 'POST', guess: true },
  '/sign-in/email': { method: 'POST', guess: true },
  '/sign-out': { method: 'POST' },
  '/verify-password': { method: 'POST', guess: true },
  '/verify-email': { method: 'GET', guess: true },
  '/send-verification-email': { method: 'POST', guess: true },
  '/request-password-reset': { method: 'POST', guess: true },
  '/reset-password': { method: 'POST', guess: true },
  '/change-password': { method: 'POST', guess: true },
  '/update-user': { method: 'POST' },
  '/revoke-sessions': { method: 'POST' },
  '/revoke-other-sessions': { method: 'POST' },
  '/sign-in/social': { method: 'POST', takes: PROVIDER_FIELDS },
  '/link-social': { method: 'POST', takes: PROVIDER_FIELDS },
  '/unlink-account': { method: 'POST' },
  '/list-accounts': { method: 'GET' },
  '/two-factor/enable': { method: 'POST', guess: true },
  '/two-factor/disable': { method: 'POST', guess: true },
  '/two-factor/verify-totp': { method: 'POST', guess: true },
  '/two-factor/verify-backup-code': { method: 'POST', guess: true },
  '/two-factor/generate-backup-codes': { method: 'POST', guess: true },
  '/passkey/generate-register-options': { method: 'GET' },
  '/passkey/generate-authenticate-options': { method: 'GET' },
  '/passkey/verify-registration': { method: 'POST', guess: true },
  '/passkey/verify-authentication': { method: 'POST', guess: true },
  '/passkey/list-user-passkeys': { method: 'GET' },
  '/passkey/delete-passkey': { method: 'POST' },
  '/passkey/update-passkey': { method: 'POST' },
  [CLAIM_PATH]: { method: 'POST', guess: true },
  '/siwe/nonce': { method: 'POST', guess: true },
  '/siwe/verify': { method: 'POST', guess: true, takes: ['message', 'signature'] },
};

/** Providers come back here. */
const CALLBACK = /^\/callback\/[a-z0-9][a-z0-9-]{0,62}$/;

/** Undefined: there is nothing at this path. */
export function authPath(path: string): PathRow | undefined {
  if (Object.hasOwn(PATHS, path)) return PATHS[path];
  return isReturn(path) ? { method: 'GET', guess: true } : undefined;
}

/** Whether a provider brings a person back here. */
export function isReturn(path: string): boolean {
  return CALLBACK.test(path);
}
