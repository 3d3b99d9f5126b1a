import { createHmac } from 'node:crypto';
import type { Page } from 'playwright-core';
import type { Gateway } from '../../support/gateway.ts';

/** What several tests do in the browser, each the way that a person does it. */

export const PASSWORD = 'a long enough sentence';

/** A person of the tests; the address follows from the name. */
export const emailOf = (name: string): string => `${name.toLowerCase()}@example.com`;

/** The pages' own address. Passkeys and cookies belong to one host name, and the links of mails say this one. */
export const siteOf = (gateway: Gateway): string => `http://localhost:${gateway.port}`;

/** Fills the form of the page in view. */
export async function fillSignUp(page: Page, name: string): Promise<void> {
  await page.getByLabel('Name').fill(name);
  await page.getByLabel('E-mail').fill(emailOf(name));
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign up' }).click();
}

/** Signs up where no proved address is asked for. Resolves on the dashboard. */
export async function signUp(page: Page, gateway: Gateway, name: string): Promise<void> {
  await page.goto(`${siteOf(gateway)}/sign-up`);
  await fillSignUp(page, name);
  await heading(page, 'Dashboard');
}

export async function signIn(page: Page, gateway: Gateway, name: string): Promise<void> {
  await page.goto(`${siteOf(gateway)}/sign-in`);
  await page.getByLabel('E-mail').fill(emailOf(name));
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}

export async function signOut(page: Page): Promise<void> {
  await page
    .locator('#sidebar')
    .getByRole('button', { name: /@example\.com/ })
    .click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await heading(page, 'Sign in');
}

/** Waits for a page by its heading. */
export async function heading(page: Page, name: string): Promise<void> {
  await page.getByRole('heading', { name, level: 1 }).waitFor();
}

/** Goes to a page by the sidebar. */
export async function visit(page: Page, name: string): Promise<void> {
  await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name, exact: true }).click();
  await heading(page, name);
}

/** Makes a key on its page; `owner`: whose it shall be, for those who may say. Resolves with the dialog of the secret still open, and the secret. */
export async function createKey(page: Page, name: string, owner?: string) {
  await visit(page, 'API keys');
  await page.getByRole('button', { name: 'Create a key' }).first().click();
  const form = page.getByRole('dialog', { name: 'Create a key' });
  await form.getByLabel('Name').fill(name);
  if (owner !== undefined) await form.getByLabel('Belongs to').selectOption(owner);
  await form.getByRole('button', { name: 'Create' }).click();
  const shown = page.getByRole('dialog', { name: `The key “${name}”` });
  return { shown, secret: await shown.getByLabel('Secret').inputValue() };
}

/** The answer of the site to the page, with its cookie and as the page's own script would ask. */
export async function askAs(
  page: Page,
  method: string,
  path: string,
  body?: object,
): Promise<{ status: number; body: unknown }> {
  const init =
    body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  return page.evaluate(
    `fetch(${JSON.stringify(path)}, ${JSON.stringify({ method, ...init })})
      .then(async (reply) => ({ status: reply.status, body: await reply.json().catch(() => null) }))`,
  );
}

/** The account that the page's person sees first. */
export async function accountOf(page: Page): Promise<string> {
  return page.evaluate(
    `fetch('/api/console/session').then((reply) => reply.json()).then(({ accounts }) => accounts[0].id)`,
  );
}

/** The link of the last mail to an address, as the gateway shows it in the terminal. `subject`: words of its subject. */
export async function mailedLink(gateway: Gateway, email: string, subject: string): Promise<string> {
  return gateway.child.line((line) =>
    line.startsWith(`mail to ${email}: `) && line.includes(subject)
      ? /https?:\/\/\S+$/.exec(line)?.[0]
      : undefined,
  );
}

/** One chat request, as a program with the key would send it. */
export async function chat(gateway: Gateway, key: string, model = 'demo'): Promise<Response> {
  return fetch(`${gateway.baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, max_tokens: 8, messages: [{ role: 'user', content: 'Hello' }] }),
  });
}

/** The code of an authenticator app (RFC 6238: SHA-1, six digits, 30 seconds) for a secret in base 32. */
export function totp(secret: string, nowMs: number): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bits = Array.from(secret, (letter) => alphabet.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g)?.map((byte) => Number.parseInt(byte, 2)) ?? []);
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(nowMs / 30_000)));
  const mac = createHmac('sha1', key).update(counter).digest();
  const at = (mac.at(-1) ?? 0) & 15;
  return String((mac.readUInt32BE(at) & 0x7fff_ffff) % 1_000_000).padStart(6, '0');
}
