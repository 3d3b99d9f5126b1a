/**
 * One mailbox, one text: what an address stands for when credit is counted by it. Small letters; what follows a plus
 * sign is dropped, since most servers deliver to the same mailbox; at Google dots are dropped too.
 * Source: support.google.com, "Dots don't matter in Gmail addresses", read 2026-11.
 */
export function mailboxOf(email: string): string {
  const { local, domain } = parts(email.toLowerCase());
  const bare = local.split('+', 1)[0] ?? '';
  const isGoogle = domain === 'gmail.com' || domain === 'googlemail.com';
  return `${isGoogle ? bare.replaceAll('.', '') : bare}@${isGoogle ? 'gmail.com' : domain}`;
}

/**
 * An address as sign-up takes it (the rule of zod 4's `z.email`): plain letters, no quotes, no comments, no dot at the end.
 * Each of those would be another spelling of a mailbox that has had its welcome credit. Whether mail gets there is found
 * out by sending it.
 */
export const EMAIL_SHAPE =
  /^(?=.{3,254}$)(?!\.)(?!.*\.\.)[\w'+.-]{0,63}[\w+-]@(?:[A-Za-z0-9][A-Za-z0-9-]{0,62}\.)+[A-Za-z]{2,63}$/;

/** Where Better Auth files people who came with a wallet and have no address: no mail can get there (RFC 6761, 6.4). */
export const PLACEHOLDER_DOMAIN = 'placeholder.invalid';

/** Whether an address only stands for somebody who has none. */
export function isPlaceholder(email: string): boolean {
  return hasRefusedDomain(email, PLACEHOLDER_DOMAINS);
}

/** The address to show; null for somebody who has none. */
export function shownEmail(email: string): string | null {
  return isPlaceholder(email) ? null : email;
}

const PLACEHOLDER_DOMAINS: ReadonlySet<string> = new Set([PLACEHOLDER_DOMAIN]);

/** Whether the domain of an address, or a domain above it, is on the list (small letters). */
export function hasRefusedDomain(email: string, refused: ReadonlySet<string>): boolean {
  let { domain } = parts(email.toLowerCase());
  while (domain !== '') {
    if (refused.has(domain)) return true;
    const dot = domain.indexOf('.');
    domain = dot < 0 ? '' : domain.slice(dot + 1);
  }
  return false;
}

function parts(email: string): { local: string; domain: string } {
  const at = email.lastIndexOf('@');
  return at < 0 ? { local: email, domain: '' } : { local: email.slice(0, at), domain: email.slice(at + 1) };
}
