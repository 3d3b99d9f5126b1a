import { X509Certificate } from 'node:crypto';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { secret } from '../config/secret.ts';
import { systemClock } from '../core/clock.ts';
import type { LogFields } from '../core/log.ts';
import { createSmtpMailer } from './smtp-mailer.ts';
import { selfSignedCertificate, type TestCertificate } from './testing-certificate.ts';
import { type SmtpEncryption, type SmtpServer, startSmtpServer } from './testing-smtp-server.ts';

const DAY_MS = 86_400_000;
const mail = { to: 'ann@example.com', subject: 'Acme: Hello', text: 'zq7-text', html: '<p>zq7-text</p>' };

let smtp: SmtpServer;
let logged: { event: string; fields: LogFields | undefined }[];
const trusted = getCACertificates();
beforeEach(() => void (logged = []));
afterEach(() => {
  smtp.close();
  setDefaultCACertificates(trusted);
});

/** Of this machine, for two days around now, unless it is said otherwise. */
function certificate(names: readonly string[] = ['127.0.0.1'], shiftMs = 0): TestCertificate {
  const nowMs = systemClock.nowMs() + shiftMs;
  return selfSignedCertificate(names, { fromMs: nowMs - DAY_MS, untilMs: nowMs + DAY_MS });
}

/** As `NODE_EXTRA_CA_CERTS` does at the start of a process. */
const trust = ({ cert }: TestCertificate) => setDefaultCACertificates([...trusted, cert]);

function send(security: 'tls' | 'starttls'): void {
  const note = (event: string, fields?: LogFields) => void logged.push({ event, fields });
  const config = {
    host: '127.0.0.1',
    port: smtp.port,
    security,
    username: 'gateway',
    password: secret('zq7-password'),
    from: 'Acme <hello@example.com>',
  };
  createSmtpMailer(config, { debug: note, info: note, warn: note, error: note }).send(mail);
}

async function failure(): Promise<LogFields | undefined> {
  await expect.poll(() => logged.length, { timeout: 10_000 }).toBe(1);
  expect(logged[0]?.event).toBe('mail_failed');
  expect(smtp.mails).toEqual([]);
  // Neither the password nor the mail has left.
  expect(smtp.lines.filter((line) => /^(AUTH|MAIL|RCPT|DATA)/i.test(line))).toEqual([]);
  expect(JSON.stringify(logged)).not.toMatch(/zq7|ann@|hello@|127\.0\.0\.1/);
  return logged[0]?.fields;
}

const MODES: readonly SmtpEncryption['mode'][] = ['tls', 'starttls'];

describe.each(MODES)('%s', (mode) => {
  it('sends the password and the mail encrypted to a server whose certificate is trusted', async () => {
    const own = certificate();
    trust(own);
    smtp = await startSmtpServer({ mode, certificate: own });
    const arrival = smtp.nextMail();
    send(mode);
    expect(await arrival).toMatchObject({ isEncrypted: true, user: 'gateway', to: ['ann@example.com'] });
    const verbs = smtp.lines.map((line) => line.split(' ', 1)[0]);
    const first = mode === 'tls' ? ['EHLO', 'AUTH'] : ['EHLO', 'STARTTLS', 'EHLO', 'AUTH'];
    expect(verbs.slice(0, first.length)).toEqual(first);
    expect(logged).toEqual([]);
  });

  it('refuses a certificate of nobody that is trusted, and says so', async () => {
    smtp = await startSmtpServer({ mode, certificate: certificate() });
    send(mode);
    expect(await failure()).toMatchObject({
      code: 'ESOCKET',
      cause: 'DEPTH_ZERO_SELF_SIGNED_CERT',
      reason: expect.stringContaining('of no authority that is trusted here'),
    });
  });

  it('refuses one for another name', async () => {
    const own = certificate(['mail.example.com', '127.0.0.2']);
    trust(own);
    smtp = await startSmtpServer({ mode, certificate: own });
    send(mode);
    expect(await failure()).toMatchObject({
      cause: 'ERR_TLS_CERT_ALTNAME_INVALID',
      reason: expect.stringContaining('for another name than people.smtp.host'),
    });
  });

  it('refuses one whose time is over', async () => {
    const own = certificate(['127.0.0.1'], -3 * DAY_MS);
    trust(own);
    smtp = await startSmtpServer({ mode, certificate: own });
    send(mode);
    expect(await failure()).toMatchObject({
      cause: 'CERT_HAS_EXPIRED',
      reason: expect.stringContaining('has expired'),
    });
  });

  it('does not talk to a server that speaks in the clear', async () => {
    smtp = await startSmtpServer();
    send(mode);
    expect(await failure()).toHaveProperty('code');
  });
});

it('makes certificates that are read elsewhere as they were meant', () => {
  const { cert } = certificate(['mail.example.com', '127.0.0.1']);
  const read = new X509Certificate(cert);
  expect(read.subjectAltName).toBe('DNS:mail.example.com, IP Address:127.0.0.1');
  expect([read.ca, read.verify(read.publicKey)]).toEqual([true, true]);
});
