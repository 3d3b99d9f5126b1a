import { ApiError } from './client.ts';

/** Whether this browser can, here: passkeys need https or localhost. */
export function passkeysWork(): boolean {
  return window.isSecureContext && 'PublicKeyCredential' in window;
}

/**
 * Asks the browser for a passkey that it has, and that it asks for a finger or a PIN: the server takes no other. Throws `ApiError` with the code `passkey`, also
 * when the person cancels.
 */
export async function usePasskey(options: PublicKeyCredentialRequestOptionsJSON): Promise<unknown> {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON({
    ...options,
    userVerification: 'required',
  });
  return await asked(() => navigator.credentials.get({ publicKey }));
}

/** Asks the browser to make a passkey. */
export async function createPasskey(options: PublicKeyCredentialCreationOptionsJSON): Promise<unknown> {
  return await asked(() =>
    navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) }),
  );
}

async function asked(ask: () => Promise<Credential | null>): Promise<unknown> {
  const credential = await ask().catch(() => null);
  if (credential instanceof PublicKeyCredential) return credential.toJSON();
  throw new ApiError(0, {
    code: 'passkey',
    message: 'The browser gave no passkey. It was cancelled, or there is none.',
  });
}
