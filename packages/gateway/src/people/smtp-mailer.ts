import type { SmtpConfig } from '../config/config.ts';
import { errorFields, type Log } from '../core/log.ts';
import type { Mail, Mailer } from './mail.ts';

/** A mail server that does not answer must not collect mails without end. */
const UNDER_WAY_MAX = 100;
const CONNECT_TIMEOUT_MS = 10_000;
const SILENCE_TIMEOUT_MS = 30_000;

/**
 * Sends mail by SMTP, one connection for each. What fails is logged by its kind, without address or content, and
 * not sent again: links are short-lived and people ask for another.
 */
export function createSmtpMailer(config: SmtpConfig, log: Log): Mailer {
  let underWay = 0;
  return {
    send(mail) {
      if (underWay >= UNDER_WAY_MAX) {
        log.warn('mail_failed', { reason: 'too many under way' });
        return;
      }
      underWay += 1;
      sendOne(config, mail)
        .catch((error: unknown) => log.warn('mail_failed', errorFields(error)))
        .finally(() => (underWay -= 1));
    },
  };
}

async function sendOne(config: SmtpConfig, { to, subject, text, html }: Mail): Promise<void> {
  const { createTransport } = await import('nodemailer');
  const { host, port, security, username, password } = config;
  const transport = createTransport({
    host,
    port,
    secure: security === 'tls',
    requireTLS: security === 'starttls',
    ignoreTLS: security === 'none',
    connectionTimeout: CONNECT_TIMEOUT_MS,
    greetingTimeout: CONNECT_TIMEOUT_MS,
    socketTimeout: SILENCE_TIMEOUT_MS,
    // Bodies are ours, but nothing in a message shall make the library read files or addresses.
    disableFileAccess: true,
    disableUrlAccess: true,
    ...(username === undefined ? {} : { auth: { user: username, pass: password?.reveal() ?? '' } }),
  });
  try {
    // An object, not text: nothing in an address can add another recipient.
    await transport.sendMail({ from: config.from, to: { name: '', address: to }, subject, text, html });
  } finally {
    transport.close();
  }
}
