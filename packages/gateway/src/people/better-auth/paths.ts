/** The address of the sender, set by the gateway itself; what a client sends under this name is dropped. */
export const ADDRESS_HEADER = 'x-switchyard-address';

/** Where Better Auth is mounted, and nowhere else. */
export const AUTH_PATH = '/api/auth';

/** The one path here that is ours: a person who is signed in becomes an operator by a one-time link. */
export const CLAIM_PATH = '/operator/claim';

/** Paths after which, or instead of which, the gateway does something itself. */
export const SIGN_UP_PATH = '/sign-up/email';
export const RESET_REQUEST_PATH = '/request-password-reset';
export const TOTP_PATH = '/two-factor/verify-totp';
export const REVOKE_OTHERS_PATH = '/revoke-other-sessions';

/**
 * What of Better Auth can be reached. Whatever is not here does not exist: the library has more routes than this
 * gateway wants (sessions' tokens, providers' tokens, changes of address). Below `/api/auth`.
 */
export type PathRow = {
  method: 'GET' | 'POST';
  /**
   * `try`: a secret is sent, or a mail asked for: counted by network address, and by mailbox where one is named. `begin`:
   * leaves a row behind that nobody need come back for: counted by network address.
   */
  counts?: 'try' | 'begin';
  /** A password is hashed, which takes a tenth of a second of a processor and 32 MiB. */
  hashes?: true;
  /** The only fields of a body that are passed on. */
  takes: readonly string[];
  /** Fields that are always sent like this, whatever the body says. */
  always?: Readonly<Record<string, unknown>>;
};

/** Without `idToken`: with a provider's token from elsewhere one could sign in past the browser and the second factor. */
const PROVIDER_FIELDS = ['provider', 'callbackURL', 'errorCallbackURL', 'newUserCallbackURL'] as const;

const asks = (row: Omit<PathRow, 'method' | 'takes'> = {}): PathRow => ({ ...row, method: 'GET', takes: [] });
const takes = (fields: readonly string[], row: Omit<PathRow, 'method' | 'takes'> = {}): PathRow => ({
  ...row,
  method: 'POST',
  takes: fields,
});
const TRY = { counts: 'try' } as const;
const PASSWORD_TRY = { counts: 'try', hashes: true } as const;

const PATHS: Record<string, PathRow> = {
  [SIGN_UP_PATH]: takes(['name', 'email', 'password', 'callbackURL', 'ticket'], PASSWORD_TRY),
  '/sign-in/email': takes(['email', 'password', 'rememberMe'], PASSWORD_TRY),
  '/sign-out': takes([]),
  '/verify-password': takes(['password'], PASSWORD_TRY),
  '/verify-email': asks(TRY),
  '/send-verification-email': takes(['email', 'callbackURL'], TRY),
  [RESET_REQUEST_PATH]: takes(['email'], TRY),
  '/reset-password': takes(['newPassword', 'token'], PASSWORD_TRY),
  // Whoever else is signed in with the old password is out.
  '/change-password': takes(['currentPassword', 'newPassword'], {
    ...PASSWORD_TRY,
    always: { revokeOtherSessions: true },
  }),
  '/update-user': takes(['name']),
  '/revoke-sessions': takes([]),
  [REVOKE_OTHERS_PATH]: takes([]),
  '/sign-in/social': takes(PROVIDER_FIELDS, { counts: 'begin' }),
  '/link-social': takes(PROVIDER_FIELDS, { counts: 'begin' }),
  '/unlink-account': takes(['providerId', 'accountId']),
  '/list-accounts': asks(),
  '/two-factor/enable': takes(['password'], PASSWORD_TRY),
  '/two-factor/disable': takes(['password'], PASSWORD_TRY),
  [TOTP_PATH]: takes(['code', 'trustDevice'], TRY),
  '/two-factor/verify-backup-code': takes(['code', 'trustDevice'], TRY),
  '/two-factor/generate-backup-codes': takes(['password'], PASSWORD_TRY),
  '/passkey/generate-register-options': asks({ counts: 'begin' }),
  '/passkey/generate-authenticate-options': asks({ counts: 'begin' }),
  '/passkey/verify-registration': takes(['response', 'name'], TRY),
  '/passkey/verify-authentication': takes(['response'], TRY),
  '/passkey/list-user-passkeys': asks(),
  '/passkey/delete-passkey': takes(['id']),
  '/passkey/update-passkey': takes(['id', 'name']),
  [CLAIM_PATH]: takes(['token'], TRY),
  '/siwe/nonce': takes([], TRY),
  '/siwe/verify': takes(['message', 'signature'], TRY),
};

/** Providers come back here. */
const CALLBACK = /^\/callback\/[a-z0-9][a-z0-9-]{0,62}$/;

/** Undefined: there is nothing at this path. */
export function authPath(path: string): PathRow | undefined {
  if (Object.hasOwn(PATHS, path)) return PATHS[path];
  return isReturn(path) ? asks(TRY) : undefined;
}

/** Whether a provider brings a person back here. */
export function isReturn(path: string): boolean {
  return CALLBACK.test(path);
}
