import type { Done } from '@switchyard/protocol/console/common.ts';
import type { AddEmail, ConfirmedEmail, ConfirmEmail } from '@switchyard/protocol/console/session.ts';
import { sendJson } from './client.ts';

/** Mails a link to an address that the signed-in person wants to have. They must have signed in lately. */
export function askForEmail(email: string): Promise<Done> {
  const body: AddEmail = { email };
  return sendJson('POST', '/api/console/person/email', body);
}

/** Makes the address of the mailed link theirs. */
export function confirmEmail(token: string): Promise<ConfirmedEmail> {
  const body: ConfirmEmail = { token };
  return sendJson('POST', '/api/console/person/email/confirm', body);
}
