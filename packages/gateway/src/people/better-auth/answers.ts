import { fault, type Fault } from '../../core/errors.ts';
import { PASSWORD_MAX_CHARS, PASSWORD_MIN_CHARS } from '../passwords.ts';

/**
 * Better Auth's refusals in the words of our catalogue. What could tell whether an address is known, or which part of
 * a sign-in was wrong, becomes one and the same answer.
 * Source: BASE_ERROR_CODES and the plugins' codes of better-auth 1.7.6, read 2026-11-21.
 */
export function faultOf(status: number, code: string): Fault {
  switch (code) {
    case 'PASSWORD_TOO_SHORT':
      return fault('invalid_request', {
        message: `The password must have ${PASSWORD_MIN_CHARS} characters or more.`,
        param: 'password',
      });
    case 'PASSWORD_TOO_LONG':
      return fault('invalid_request', {
        message: `The password must have ${PASSWORD_MAX_CHARS} characters or fewer.`,
        param: 'password',
      });
    case 'SIGN_UP_CLOSED':
      return fault('sign_up_closed');
    case 'PROVIDER_NOT_FOUND':
      return fault('not_found', {
        message: 'This way to sign in is not there, or its provider does not answer.',
      });
    case 'INVALID_EMAIL':
      return fault('invalid_request', { message: 'This is no e-mail address.', param: 'email' });
    case 'EMAIL_NOT_VERIFIED':
    case 'INVALID_EMAIL_OR_PASSWORD':
    case 'INVALID_PASSWORD':
    case 'INVALID_CODE':
    case 'INVALID_BACKUP_CODE':
      return fault('sign_in_failed');
    case 'CODE_USED':
      return fault('sign_in_failed', {
        message: 'This code was used already. Wait until the app shows the next one.',
      });
    case 'UNAUTHORIZED_INVALID_OR_EXPIRED_NONCE':
    case 'UNAUTHORIZED_SIWE_MESSAGE_EXPIRED':
      return fault('sign_in_failed', {
        message: 'What the wallet signed is too old, or was used before. Sign in with the wallet again.',
      });
    case 'OTHER_WALLET_SIGNED':
      return fault('sign_in_failed', {
        message:
          'The signature is not that of the address. Choose the account in the wallet and try again; wallets that are contracts cannot be used here.',
      });
    case 'INVALID_TOKEN':
    case 'TOKEN_EXPIRED':
    case 'INVALID_TWO_FACTOR_COOKIE':
      return fault('invalid_request', {
        message: 'The link or the code is not valid any more.',
        param: 'token',
      });
    case 'INVALID_ORIGIN':
    case 'MISSING_OR_NULL_ORIGIN':
    case 'CROSS_SITE_NAVIGATION_LOGIN_BLOCKED':
      return OTHER_SITE;
    default:
      return byStatus(status);
  }
}

/** The request did not come from a page of this site. */
export const OTHER_SITE = fault('permission_denied', {
  message:
    'This request did not come from a page of this site. Its address is server.public_url of the configuration.',
});

/** A field asks to be led to another site. */
export function notOwnPage(param: string): Fault {
  return fault('invalid_request', { message: 'This must be a page of this site.', param });
}

function byStatus(status: number): Fault {
  if (status === 401) return fault('sign_in_failed');
  if (status === 403) return fault('permission_denied', { message: 'Sign in again to do this.' });
  if (status === 404) return fault('not_found');
  if (status === 429) return fault('rate_limit_exceeded', { message: TOO_MANY, retryAfterMs: 60_000 });
  return status >= 500 ? fault('internal_error') : fault('invalid_request');
}

export const TOO_MANY = 'Too many tries. Wait a minute and try again.';

/** Why a provider brought somebody back without a sign-in, for the page that shows it. */
type ReturnProblem =
  | 'cancelled'
  | 'sign_up_closed'
  | 'address_taken'
  | 'address_not_confirmed'
  | 'sign_in_failed';

/** What a provider, or Better Auth, says of a failed return. Words of a provider go no further: anybody can write them. */
export function returnProblem(error: string): ReturnProblem {
  switch (error) {
    case 'access_denied':
      return 'cancelled';
    case 'SIGN_UP_CLOSED':
      return 'sign_up_closed';
    case 'account_not_linked':
    case 'email_does_not_match':
    case 'account_already_linked_to_different_user':
      return 'address_taken';
    case 'EMAIL_NOT_VERIFIED':
    case 'email_not_verified':
      return 'address_not_confirmed';
    default:
      return 'sign_in_failed';
  }
}
