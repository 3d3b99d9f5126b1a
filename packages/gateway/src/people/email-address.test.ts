import { refusedDomains } from './disposable-domains.ts';
import { expect, it } from 'vitest';
import { EMAIL_SHAPE, hasRefusedDomain, mailboxOf, shownEmail } from './email-address.ts';
import { customerOf, networkOf } from '../core/network.ts';

it.each([
  ['Ann@Example.com', 'ann@example.com'],
  ['ann+one@example.com', 'ann@example.com'],
  ['a.n.n@example.com', 'a.n.n@example.com'],
  ['A.n.N+two+three@gmail.com', 'ann@gmail.com'],
  ['ann@googlemail.com', 'ann@gmail.com'],
  ['"a@b"@example.com', '"a@b"@example.com'],
  ['no address', 'no address@'],
])('%s is the mailbox %s', (email, mailbox) => expect(mailboxOf(email)).toBe(mailbox));

it.each([
  ['x@throw.example', true],
  ['x@sub.Throw.example', true],
  ['x@notthrow.example', false],
  ['x@example', false],
  ['x', false],
])('%s is of a refused domain: %s', (email, refused) => {
  expect(hasRefusedDomain(email, new Set(['throw.example']))).toBe(refused);
});

it.each([
  ['0xabc@siwe.placeholder.invalid', null],
  ['0xabc@SIWE.Placeholder.Invalid', null],
  ['x@placeholder.invalid.example', 'x@placeholder.invalid.example'],
  ['ann@example.com', 'ann@example.com'],
])('%s is shown as %s', (email, shown) => expect(shownEmail(email)).toBe(shown));

it.each([
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:DB8::1', '2001:db8:0:0'],
  ['::1', '0:0:0:0'],
  ['fe80::1%eth0', 'fe80:0:0:0'],
  ['', ''],
])('%s counts as %s', (address, network) => expect(networkOf(address)).toBe(network));

it('knows domains of throw-away mail, each once and as addresses are compared', () => {
  const domains = refusedDomains(['mailinator.com', 'own.example']);
  expect(domains.size).toBe(refusedDomains([]).size + 1);
  for (const domain of domains) expect(domain).toMatch(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/);
  expect(hasRefusedDomain('x@eu.Mailinator.com', domains)).toBe(true);
  for (const domain of ['gmail.com', 'outlook.com', 'proton.me', 'example.com'])
    expect(hasRefusedDomain(`x@${domain}`, domains)).toBe(false);
});

it.each([
  ['ann@example.com', true],
  ["o'neill_x-1+tag@mail.example.co.uk", true],
  ['ann@example.com.', false],
  ['ann(2)@example.com', false],
  ['"ann"@example.com', false],
  ['ann@exämple.com', false],
  ['ａnn@example.com', false],
  ['.ann@example.com', false],
  ['a..nn@example.com', false],
  ['ann@localhost', false],
  ['ann@[127.0.0.1]', false],
  ['ann@ben@example.com', false],
  ['ann@example.com\r\nBcc: x@example.com', false],
  [`${'a'.repeat(65)}@example.com`, false],
  [`ann@${'a.'.repeat(200)}com`, false],
])('%j is an address: %s', (email, is) => expect(EMAIL_SHAPE.test(email)).toBe(is));

it.each([
  ['2001:db8:1:2::3', '2001:db8:1'],
  ['2001:db8:1:ffff::', '2001:db8:1'],
  ['2001:db8::1', '2001:db8:0'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['192.0.2.1', '192.0.2.1'],
])('%s is of the customer %s', (address, customer) => expect(customerOf(address)).toBe(customer));
