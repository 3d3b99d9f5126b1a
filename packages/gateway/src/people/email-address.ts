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
