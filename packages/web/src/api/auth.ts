import { ApiError, getJson, sendJson } from './client.ts';
import { createPasskey, usePasskey } from './passkeys.ts';

/**
 * The sign-in routes under `/api/auth`. They are Better Auth's, of which the gateway opens a part.
 * Source: better-auth 1.7 and its two-factor and passkey plugins, as the gateway mounts them (docs/people.md).
 */
const auth = (path: string) => `/api/auth${path}`;

/** After the password: in, or the second factor is wanted. */
export type SignInOutcome = 'signed-in' | 'second-factor';

export async function signInWithPassword(email: string, password: string): Promise<SignInOutcome> {
  const answer = await sendJson<{ twoFactorRedirect?: boolean }>('POST', auth('/sign-in/email'), {
    email,
    password,
  });
  return answer.twoFactorRedirect === true ? 'second-factor' : 'signed-in';
}

/** The session of a person who proves that they have their passkey. */
export async function signInWithPasskey(): Promise<void> {
  const options = await getJson<PublicKeyCredentialRequestOptionsJSON>(
    auth('/passkey/generate-authenticate-options'),
  );
  await sendJson('POST', auth('/passkey/verify-authentication'), { response: await usePasskey(options) });
}

/** `ticket`: the token of an invitation or of the first operator's link. Nobody is signed in by this. */
export async function signUp(input: {
  name: string;
  email: string;
  password: string;
  ticket: string | undefined;
}): Promise<void> {
  const { ticket, ...rest } = input;
  await sendJson('POST', auth('/sign-up/email'), {
    ...rest,
    callbackURL: '/app',
    ...(ticket === undefined ? {} : { ticket }),
  });
}

export async function signInWithProvider(provider: string, backTo: string): Promise<void> {
  const answer = await sendJson<{ url?: string }>('POST', auth('/sign-in/social'), {
    provider,
    callbackURL: backTo,
    errorCallbackURL: '/sign-in',
  });
  if (answer.url === undefined) {
    throw new ApiError(502, { code: 'no_provider', message: 'The provider gave no page to sign in on.' });
  }
  window.location.assign(answer.url);
}

/** Pages of this browser tell each other here that the session has ended. */
const ENDED_CHANNEL = 'session-ended';

export async function signOut(): Promise<void> {
  await sendJson<object>('POST', auth('/sign-out'));
  const channel = new BroadcastChannel(ENDED_CHANNEL);
  channel.postMessage(null);
  channel.close();
}

/** Calls when another page of this browser has signed out. Returns what stops it. */
export function onSignedOutElsewhere(hear: () => void): () => void {
  const channel = new BroadcastChannel(ENDED_CHANNEL);
  channel.addEventListener('message', hear);
  return () => channel.close();
}
export const sendVerification = (email: string) =>
  sendJson<object>('POST', auth('/send-verification-email'), { email, callbackURL: '/app' });
export const requestReset = (email: string) =>
  sendJson<object>('POST', auth('/request-password-reset'), { email });
export const resetPassword = (token: string, newPassword: string) =>
  sendJson<object>('POST', auth('/reset-password'), { token, newPassword });
export const changePassword = (currentPassword: string, newPassword: string) =>
  sendJson<object>('POST', auth('/change-password'), {
    currentPassword,
    newPassword,
    revokeOtherSessions: true,
  });
export const updateName = (name: string) => sendJson<object>('POST', auth('/update-user'), { name });
export const endOtherSessions = () => sendJson<object>('POST', auth('/revoke-other-sessions'));

/** A code of the authenticator app, or one of the codes for when it is lost. */
export const verifyTotp = (code: string) =>
  sendJson<object>('POST', auth('/two-factor/verify-totp'), { code });
export const verifyBackupCode = (code: string) =>
  sendJson<object>('POST', auth('/two-factor/verify-backup-code'), { code });

export type TwoFactorSecret = { totpURI: string; backupCodes: string[] };
export const enableTwoFactor = (password: string) =>
  sendJson<TwoFactorSecret>('POST', auth('/two-factor/enable'), { password });
export const disableTwoFactor = (password: string) =>
  sendJson<object>('POST', auth('/two-factor/disable'), { password });

export type Passkey = { id: string; name?: string | null; createdAt?: string };
export const listPasskeys = () => getJson<Passkey[]>(auth('/passkey/list-user-passkeys'));
export const deletePasskey = (id: string) =>
  sendJson<object>('POST', auth('/passkey/delete-passkey'), { id });

export async function addPasskey(name: string): Promise<void> {
  const options = await getJson<PublicKeyCredentialCreationOptionsJSON>(
    auth('/passkey/generate-register-options'),
  );
  await sendJson('POST', auth('/passkey/verify-registration'), {
    response: await createPasskey(options),
    name,
  });
}

/** Makes the signed-in person the operator. The token is that of the link that the gateway printed. */
export const claimOperator = (token: string) => sendJson<object>('POST', auth('/operator/claim'), { token });
