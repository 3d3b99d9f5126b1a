import { expect, it } from 'vitest';
import { writeMail } from './mail.ts';
import { createTerminalMailer } from './terminal-mailer.ts';

it.each([
  ['J.R. Smith', 'J. R. Smith'],
  ['Acme Inc.', 'Acme Inc.'],
  ['Win at https://evil.example/x?y', 'Win at https evil. example x?y'],
  ['www.evil.example', 'www. evil. example'],
  ['ann@evil.example', 'ann evil. example'],
  ['x'.repeat(100), 'x'.repeat(64)],
])('writes the name %j so that no program makes a link of it', (account, shown) => {
  const { subject } = writeMail('invitation', {
    to: 'ann@example.com',
    link: '',
    words: { brand: 'A.io', account },
  });
  expect(subject).toBe(`A.io: You are invited to ${shown}`);
});

const words = { brand: 'Acme', inviter: 'Eve\r\nBcc: all@example.com', account: '<b>Team {brand} $& </b>' };
const mail = writeMail('invitation', { to: 'ann@example.com', link: 'http://localhost/i?token=a&b', words });

it('lets nothing that people typed out of its place', () => {
  expect(mail.subject).toBe('Acme: You are invited to <b>Team {brand} $& < b>');
  expect(mail.text).toContain(
    'Eve Bcc: all example. com invites you to the account <b>Team {brand} $& < b> on Acme.',
  );
  expect(mail.html).not.toContain('<b>');
  expect(mail.html).toContain('href="http://localhost/i?token=a&#38;b"');
});

it('shows a mail as one line of plain characters', () => {
  const lines: string[] = [];
  createTerminalMailer((line) => lines.push(line)).send({ ...mail, to: 'a\u001b[2J@example.com' });
  expect(lines).toEqual([
    'mail to a?[2J@example.com: Acme: You are invited to <b>Team {brand} $& < b>: http://localhost/i?token=a&b',
  ]);
});
