import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SmtpConfig } from '../config/config.ts';
import { secret } from '../config/secret.ts';
import { systemClock } from '../core/clock.ts';
import type { LogFields } from '../core/log.ts';
import { createSmtpMailer } from './smtp-mailer.ts';
import { type SmtpFault, type SmtpServer, startSmtpServer } from './testing-smtp-server.ts';
import { openTestPeople, PASSWORD, type TestPeople } from './testing-people.ts';

let smtp: SmtpServer;
let logged: { event: string; fields: LogFields | undefined }[];
beforeEach(async () => {
  smtp = await startSmtpServer();
  logged = [];
});
afterEach(() => smtp.close());

function mailer(change: Partial<SmtpConfig> = {}) {
  // Of this test: what fails when it has ended is not the next one's.
  const lines = logged;
  const note = (event: string, fields?: LogFields) => void lines.push({ event, fields });
  return createSmtpMailer(
    {
      host: '127.0.0.1',
      port: smtp.port,
      security: 'none',
      username: 'gateway',
      password: secret('zq7-password'),
      from: 'Acme <hello@example.com>',
      ...change,
    },
    { debug: note, info: note, warn: note, error: note },
  );
}

const mail = { to: 'ann@example.com', subject: 'Acme: Hello', text: 'zq7-text', html: '<p>zq7-text</p>' };

/** RFC 2045, 6.7. */
function plain(text: string): string {
  return text
    .replace(/=\r\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

describe('a real sign-up', () => {
  let people: TestPeople;
  afterEach(() => people.dispose());
  const ann = { name: 'Ann', email: 'ann@example.com', password: PASSWORD };

  it('sends a mail whose link proves the address', async () => {
    people = await openTestPeople(systemClock, { requireVerifiedEmail: true }, mailer());
    const arrival = smtp.nextMail();
    expect(await people.ask('/sign-up/email', ann)).toMatchObject({ ok: true });
    const { user, from, to, text } = await arrival;
    expect([user, from, to]).toEqual(['gateway', 'hello@example.com', ['ann@example.com']]);
    expect(text).toContain('From: Acme <hello@example.com>\r\n');
    expect(text).toContain('Subject: Acme: Confirm your e-mail address\r\n');
    expect(await people.ask('/sign-in/email', ann)).toMatchObject({ ok: false });

    const link = /http:\/\/\S+verify-email\?\S+/.exec(plain(text))?.[0] ?? 'none:';
    const { search } = new URL(link);
    const proved = await people.ask('/verify-email', undefined, { query: search });
    expect(proved).toMatchObject({ ok: true, value: { status: 302 } });
    expect(people.deps.store.personByEmail('ann@example.com')).toMatchObject({ emailVerified: true });
    expect(await people.ask('/sign-in/email', ann)).toMatchObject({ ok: true });
    expect(logged).toEqual([]);
  });

  it.each<SmtpFault>(['no-greeting', 'closed', 'no-such-mailbox', 'later'])(
    'is answered alike when the server says nothing or no: %s',
    async (fault) => {
      smtp.fault = fault;
      people = await openTestPeople(systemClock, { requireVerifiedEmail: true }, mailer());
      const answer = await people.ask('/sign-up/email', ann);
      expect(answer).toMatchObject({ ok: true, value: { status: 200 } });
      expect(people.deps.store.countPeople()).toBe(1);
      expect(smtp.mails).toEqual([]);
    },
  );
});

describe('what goes wrong', () => {
  it.each<[SmtpFault, string]>([
    ['closed', 'EENVELOPE EPROTOCOL ECONNECTION'],
    ['auth-refused', 'EAUTH'],
    ['later', 'EENVELOPE'],
    ['no-such-mailbox', 'EENVELOPE'],
    ['cut', 'ECONNECTION ESOCKET'],
  ])('%s: one line in the log, by its kind', async (fault, codes) => {
    smtp.fault = fault;
    mailer().send(mail);
    await expect.poll(() => logged.length, { timeout: 10_000 }).toBe(1);
    expect(logged[0]?.event).toBe('mail_failed');
    expect(codes.split(' ')).toContain(logged[0]?.fields?.code);
    expect(smtp.mails).toEqual([]);
    expect(JSON.stringify(logged)).not.toMatch(/zq7|ann@|hello@|127\.0\.0\.1/);
  });

  it('is said of a server that is not there', async () => {
    const { port } = smtp;
    smtp.close();
    mailer({ port }).send(mail);
    await expect.poll(() => logged.length, { timeout: 10_000 }).toBe(1);
    expect(logged[0]).toMatchObject({ event: 'mail_failed', fields: { code: 'ESOCKET' } });
    expect(JSON.stringify(logged)).not.toMatch(/zq7|ann@/);
  });

  it('tells no password to a server that cannot encrypt, where it was asked to', async () => {
    mailer({ security: 'starttls' }).send(mail);
    await expect.poll(() => logged.length, { timeout: 10_000 }).toBe(1);
    expect(smtp.lines.map((line) => line.split(' ')[0])).not.toContain('AUTH');
    expect(smtp.mails).toEqual([]);
  });

  it('holds so many mails for a server that hangs, and no more', async () => {
    smtp.fault = 'no-greeting';
    const sender = mailer();
    for (let count = 0; count < 105; count += 1) sender.send(mail);
    expect(logged).toEqual(
      Array.from({ length: 5 }, () => ({ event: 'mail_failed', fields: { reason: 'too many under way' } })),
    );
    await expect.poll(() => smtp.connections(), { timeout: 10_000 }).toBe(100);
    smtp.close();
    await expect.poll(() => logged.length, { timeout: 10_000 }).toBe(105);
    expect(JSON.stringify(logged)).not.toMatch(/zq7|ann@/);
  });
});

it('lets nothing in an address or a subject become another recipient or header', async () => {
  const arrival = smtp.nextMail();
  mailer().send({
    ...mail,
    to: 'ann@example.com, eve@example.com',
    subject: 'Hello\r\nBcc: eve@example.com\r\n\r\nbody',
  });
  await Promise.race([arrival, expect.poll(() => logged.length, { timeout: 10_000 }).toBe(1)]);
  const recipients = smtp.mails.flatMap(({ to }) => to);
  expect(recipients).not.toContain('eve@example.com');
  for (const { text } of smtp.mails) expect(text).not.toMatch(/^Bcc:/im);
});
