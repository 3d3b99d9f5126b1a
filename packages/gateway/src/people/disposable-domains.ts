import { PLACEHOLDER_DOMAIN } from './email-address.ts';

/**
 * Well-known domains of throw-away mail: nobody's address for longer than a quarter of an hour, so no welcome credit and no
 * account. Short on purpose: thousands come and go, and the operator's own list (`people.refused_email_domains`) is
 * added to it. Subdomains count.
 * Source: written by hand from what the services call themselves on their own pages, 2026-11.
 */
const DISPOSABLE_DOMAINS: readonly string[] = [
  '10minutemail.com',
  '10minutemail.net',
  '20minutemail.com',
  '33mail.com',
  'burnermail.io',
  'byom.de',
  'discard.email',
  'discardmail.com',
  'dispostable.com',
  'emailondeck.com',
  'fakeinbox.com',
  'fakemail.net',
  'getairmail.com',
  'getnada.com',
  'grr.la',
  'guerrillamail.biz',
  'guerrillamail.com',
  'guerrillamail.de',
  'guerrillamail.info',
  'guerrillamail.net',
  'guerrillamail.org',
  'guerrillamailblock.com',
  'inboxkitten.com',
  'jetable.org',
  'mail-temp.com',
  'mailcatch.com',
  'maildrop.cc',
  'mailinator.com',
  'mailnesia.com',
  'mailnull.com',
  'minutemail.com',
  'mintemail.com',
  'mohmal.com',
  'moakt.com',
  'mytemp.email',
  'nada.email',
  'sharklasers.com',
  'spam4.me',
  'spamgourmet.com',
  'temp-mail.io',
  'temp-mail.org',
  'tempail.com',
  'tempinbox.com',
  'tempmail.com',
  'tempmailo.com',
  'tempr.email',
  'throwawaymail.com',
  'trash-mail.com',
  'trashmail.com',
  'trashmail.de',
  'wegwerfmail.de',
  'yopmail.com',
  'yopmail.fr',
  'yopmail.net',
];

/** All domains that no account is made for. `own`: the operator's, in small letters. */
export function refusedDomains(own: readonly string[]): ReadonlySet<string> {
  return new Set([...DISPOSABLE_DOMAINS, PLACEHOLDER_DOMAIN, ...own]);
}
