import { fault, type Fault } from '../core/errors.ts';
import { failed, ok, type Result } from '../core/result.ts';
import { note } from './audit.ts';
import type { PeopleDeps } from './deps.ts';
import { EMAIL_SHAPE, hasRefusedDomain, isPlaceholder, mailboxOf } from './email-address.ts';
import { linkTo, newToken, tokenDigest } from './links.ts';
import { writeMail } from './mail.ts';
import { personActor, type Person } from './person.ts';

const LIFETIME_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** Mails in 24 hours that one person can have sent, and that everybody together can have sent to one mailbox. */
const MAILS_PER_PERSON = 5;
const MAILS_PER_MAILBOX = 10;

type AddEmailDeps = Pick<
  PeopleDeps,
  'clock' | 'store' | 'registry' | 'mailer' | 'siteUrl' | 'brand' | 'refusedDomains'
>;

/**
 * Mails a link to the address that somebody without one wants to have. The answer is the same whether or not the address
 * is somebody's, and whether or not its mailbox has got enough of such mails; its owner gets a mail that says so.
 * Errors: `invalid_request` (they have an address, or this one is none or refused), `rate_limit_exceeded`.
 */
export function askForEmail(
  { clock, store, mailer, siteUrl, brand, refusedDomains }: AddEmailDeps,
  person: Pick<Person, 'id' | 'email'>,
  wanted: string,
): Promise<Result<undefined, Fault>> {
  const email = wanted.trim().toLowerCase();
  if (!isPlaceholder(person.email)) return answer(failed(HAS_ONE));
  if (!EMAIL_SHAPE.test(email)) return answer(failed(wrong('This is no e-mail address.')));
  if (hasRefusedDomain(email, refusedDomains)) return answer(failed(wrong('Use another e-mail address.')));
  const { token, digest } = newToken();
  const atMs = clock.nowMs();
  const mailbox = mailboxOf(email);
  const mail = store.transaction(() => {
    const counts = store.countEmailClaims({ personId: person.id, mailbox }, atMs - DAY_MS);
    if (counts.byPerson >= MAILS_PER_PERSON) return 'refuse';
    const isKnown = store.personByEmail(email) !== undefined;
    store.putEmailClaim({ digest, personId: person.id, email, mailbox, atMs, isOpen: !isKnown });
    if (counts.toMailbox >= MAILS_PER_MAILBOX) return 'none';
    return isKnown ? 'tell' : 'ask';
  });
  if (mail === 'refuse') return answer(failed(MAILED_ENOUGH));
  if (mail === 'ask') {
    const link = linkTo(siteUrl(), 'confirm-email', token);
    mailer.send(writeMail('add', { to: email, link, words: { brand } }));
  } else if (mail === 'tell') {
    mailer.send(writeMail('taken', { to: email, link: linkTo(siteUrl(), 'sign-in'), words: { brand } }));
  }
  return answer(ok(undefined));
}

/**
 * Gives a person the address whose mailbox the token was sent to. Only the person who asked can: else somebody could have
 * a stranger confirm an address for an account that is not the stranger's.
 * Errors: `invalid_request` (used, too old, none, of somebody else, or the address has an account by now).
 */
export async function confirmEmail(
  deps: AddEmailDeps,
  person: Pick<Person, 'id'>,
  token: unknown,
): Promise<Result<{ email: string }, Fault>> {
  const { clock, store } = deps;
  const digest = tokenDigest(token);
  if (digest === undefined) return failed(NO_LINK);
  const outcome = store.transaction((): Result<{ email: string }, Fault> => {
    const claim = store.emailClaim(digest);
    const isGood = claim?.isOpen === true && claim.atMs + LIFETIME_MS > clock.nowMs();
    if (!isGood || claim.personId !== person.id) return failed(NO_LINK);
    if (!isPlaceholder(store.person(person.id)?.email ?? '')) return failed(HAS_ONE);
    // Whoever reads this has the mailbox: they may know.
    if (store.personByEmail(claim.email) !== undefined) return failed(TAKEN);
    store.setEmail(person.id, claim.email, clock.nowMs());
    store.deleteEmailClaims(person.id);
    return ok({ email: claim.email });
  });
  if (!outcome.ok) return outcome;
  const audit = { actor: personActor(person.id), action: 'person.email', subject: person.id };
  await note(deps, { ...audit, detail: 'added and confirmed' });
  return outcome;
}

function answer(result: Result<undefined, Fault>): Promise<Result<undefined, Fault>> {
  return Promise.resolve(result);
}

function wrong(message: string): Fault {
  return fault('invalid_request', { message, param: 'email' });
}

const HAS_ONE = fault('invalid_request', { message: 'You have an e-mail address already.', param: 'email' });
const MAILED_ENOUGH = fault('rate_limit_exceeded', {
  message: `${MAILS_PER_PERSON} mails a day are sent for this. Go on tomorrow.`,
});
const NO_LINK = fault('invalid_request', {
  message:
    'This link was used, is too old, or was made for another person. Sign in as before and ask for a new one.',
  param: 'token',
});
const TAKEN = fault('invalid_request', {
  message: 'This address has an account by now. Sign in to it, or take another address.',
  param: 'email',
});
