import { escapeHtml } from '../core/html.ts';

/** A mail, in both forms. */
export type Mail = { to: string; subject: string; text: string; html: string };

/** Port: sends mail. Never throws and never holds anybody up: what becomes of a mail is its own concern. */
export type Mailer = { send(mail: Mail): void };

type MailKind = 'verify' | 'reset' | 'existing' | 'add' | 'taken' | 'invitation';

const WORDS: Record<MailKind, { subject: string; lead: string; action: string; after: string }> = {
  verify: {
    subject: 'Confirm your e-mail address',
    lead: 'Somebody, most likely you, signed up for {brand} with this address.',
    action: 'Confirm the address',
    after: 'The link works for one hour. If it was not you, do nothing: nothing will happen.',
  },
  reset: {
    subject: 'Choose a new password',
    lead: 'Somebody, most likely you, asked for a new password for {brand}.',
    action: 'Choose a new password',
    after: 'The link works once, for one hour. If it was not you, do nothing: your password stays as it is.',
  },
  existing: {
    subject: 'You have an account already',
    lead: 'Somebody, most likely you, tried to sign up for {brand} with this address. It has an account already.',
    action: 'Sign in',
    after: 'If you forgot your password, ask for a new one there. If it was not you, do nothing.',
  },
  add: {
    subject: 'Confirm your e-mail address',
    lead: 'Somebody, most likely you, wants to add this address to their account on {brand}.',
    action: 'Confirm the address',
    after:
      'Open the link in the browser in which you are signed in. It works for one hour. If it was not you, do nothing: nothing will happen.',
  },
  taken: {
    subject: 'Your e-mail address has an account already',
    lead: 'Somebody, most likely you, wanted to add this address to another account on {brand}. It has an account already.',
    action: 'Sign in',
    after: 'If it was not you, do nothing: nothing was changed.',
  },
  invitation: {
    subject: 'You are invited to {account}',
    lead: '{inviter} invites you to the account {account} on {brand}.',
    action: 'Look at the invitation',
    after: 'The link works once, for seven days. If you do not know who that is, do nothing.',
  },
};

/** Writes a mail. `words` fill the gaps; they may be anything that people typed. */
export function writeMail(
  kind: MailKind,
  {
    to,
    link,
    words,
  }: { to: string; link: string; words: { brand: string; inviter?: string; account?: string } },
): Mail {
  const { subject, lead, action, after } = WORDS[kind];
  const fill = (text: string): string =>
    text
      .replace('{brand}', () => oneLine(words.brand))
      .replace('{inviter}', () => nameInMail(words.inviter ?? ''))
      .replaceAll('{account}', () => nameInMail(words.account ?? ''));
  const text = `${fill(lead)}\n\n${action}:\n${link}\n\n${after}\n`;
  const html = `<p>${escapeHtml(fill(lead))}</p>
<p><a href="${escapeHtml(link)}">${escapeHtml(action)}</a></p>
<p>${escapeHtml(after)}</p>
`;
  return { to, subject: `${oneLine(words.brand)}: ${fill(subject)}`, text, html };
}

const NAME_MAX_CHARS = 64;

/**
 * A name that somebody chose, for a mail to somebody who does not know them: short, and nothing in it that a mail program
 * makes a link of, so that invitations are no way to advertise or to deceive.
 */
function nameInMail(name: string): string {
  const plain = oneLine(name)
    .replace(/:\/\/|[/\\@]/g, ' ')
    .replace(/\.(?=\S)/g, '. ');
  return Array.from(plain).slice(0, NAME_MAX_CHARS).join('');
}

/** People choose names; in a subject a line break would begin another header. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').slice(0, 200);
}
