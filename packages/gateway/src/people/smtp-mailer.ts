import type { SmtpConfig } from '../config/config.ts';
import { errorFields, type Log, type LogFields } from '../core/log.ts';
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
        .catch((error: unknown) => log.warn('mail_failed', { ...errorFields(error), ...causeOf(error) }))
        .finally(() => (underWay -= 1));
    },
  };
}

/** What the library has found below its own code: of the system, or of a certificate. */
function causeOf(error: unknown): LogFields {
  const cause = error instanceof Error && 'originalCode' in error ? error.originalCode : undefined;
  if (typeof cause !== 'string') return {};
  const reason = certificateProblem(cause);
  return reason === undefined ? { cause } : { cause, reason };
}

/** Source: nodejs.org, "TLS (SSL)", X509 certificate error codes, read 2026-11. */
function certificateProblem(code: string): string | undefined {
  switch (code) {
    case 'CERT_HAS_EXPIRED':
      return 'the certificate of the mail server has expired';
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return 'the certificate of the mail server is for another name than people.smtp.host';
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
      return 'the certificate of the mail server is of no authority that is trusted here; NODE_EXTRA_CA_CERTS names more';
    default:
      return undefined;
  }
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
