import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it, type TestContext } from 'vitest';
import { verifyReceipt } from '../../packages/gateway/src/receipts/signing.ts';
import { DEMO_CONFIG } from '../support/configs.ts';
import { startDemoConnector, startGateway, type Gateway } from '../support/gateway.ts';
import { moveClock } from '../support/movable-clock.ts';
import { cleanUp } from '../support/processes.ts';
import { axeViolations, startBrowser, type TestBrowser } from './support/browser.ts';
import {
  chat,
  createKey,
  emailOf,
  fillSignUp,
  heading,
  mailedLink,
  signIn,
  siteOf,
  visit,
} from './support/steps.ts';

/** The first hour of a person: from the mail to the free credit, a key, a request, and what becomes of keys. */

const CONFIG = `${DEMO_CONFIG.replace('welcome_usd: 0', 'welcome_usd: 1, top_ups: [usdc, card]')}
people: { require_verified_email: true }
`;
const MINUTE_MS = 60_000;
const runProgram = promisify(execFile);

let browser: TestBrowser | { missing: string };
let gateway: Gateway;
let page: Page;
let complaints: string[];
/** The key of the second test, which the third revokes. */
let laptop: string;

beforeAll(async () => {
  browser = await startBrowser();
  if ('missing' in browser) return;
  gateway = await startGateway({ config: CONFIG, hasMovableClock: true });
  await startDemoConnector(gateway, (await gateway.node('demo')).token);
  ({ page, complaints } = await browser.open());
});
afterAll(async () => {
  if (browser !== undefined && !('missing' in browser)) await browser.close();
  await cleanUp();
});

function needBrowser(context: TestContext): void {
  if ('missing' in browser) context.skip(browser.missing);
}

it('lets a person in by the link of the mail only, and gives the free credit then', async (context) => {
  needBrowser(context);
  await page.goto(`${siteOf(gateway)}/sign-up`);
  await page.getByText('New accounts get $1.00 to try it.').waitFor();
  await fillSignUp(page, 'Mara');
  await heading(page, 'Look into your mail');
  expect(await page.evaluate(`fetch('/api/console/session').then((reply) => reply.json())`)).toMatchObject({
    person: null,
    accounts: [],
  });

  // Whoever opens the link has the mailbox, which is not the password.
  await page.goto(await mailedLink(gateway, emailOf('Mara'), 'Confirm your e-mail address'));
  await heading(page, 'Sign in');
  await signIn(page, gateway, 'Mara');
  await heading(page, 'Dashboard');
  await page.getByText('Have credit: done').waitFor();
  await page.getByText('$1.00', { exact: true }).first().waitFor();
  expect(await axeViolations(page)).toEqual([]);
});

it('runs the very curl that the page shows, and the request and its cost appear by themselves', async (context) => {
  needBrowser(context);
  const { shown, secret } = await createKey(page, 'laptop');
  laptop = secret;
  expect(secret).toMatch(/^sk-test-[0-9A-Za-z]+$/);
  expect(await axeViolations(page)).toEqual([]);
  // It is shown once, so no slip closes it.
  await page.mouse.click(5, 5);
  await shown.waitFor();
  await page.keyboard.press('Escape');
  await shown.getByText('This cannot be shown again.').waitFor();
  await shown.getByRole('button', { name: 'Keep it open' }).click();
  await shown.getByRole('tab', { name: 'curl' }).click();
  const command = await shown.getByRole('group').locator('code').innerText();
  await shown.getByRole('button', { name: 'I saved it' }).click();
  await page.getByRole('cell', { name: 'laptop' }).first().waitFor();
  expect(await page.content()).not.toContain(secret);
  await visit(page, 'Dashboard');
  await page.getByText('Make a key: done').waitFor();

  const { stdout } = await runProgram('sh', ['-c', `${command} --silent`]);
  expect(JSON.parse(stdout)).toMatchObject({ object: 'chat.completion', usage: { cost: 0.08 } });
  // Nobody loads the page again: the live stream brings it.
  const last = page.getByRole('region', { name: 'Last requests' });
  await last.getByRole('cell', { name: 'completed' }).waitFor();
  await last.getByRole('cell', { name: '$0.08' }).waitFor();
  await page.getByText('$0.92', { exact: true }).first().waitFor();
});

it('leads to the page of the request, whose receipt proves itself without the gateway', async (context) => {
  needBrowser(context);
  await page.getByRole('region', { name: 'Last requests' }).getByRole('link').first().click();
  await heading(page, 'Request');
  const id = new URL(page.url()).pathname.split('/').at(-1) ?? '';
  await page.getByText(id, { exact: true }).waitFor();
  await page.getByRole('row', { name: /^charged.*−\$0\.08/ }).waitFor();
  const saving = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save receipt.json' }).click();
  const receipt = JSON.parse(readFileSync(await (await saving).path(), 'utf8')) as object;
  const keys = await (await fetch(`${siteOf(gateway)}/.well-known/switchyard-receipts`)).json();
  expect(receipt).toMatchObject({ id, charged: { micros: 80_000 } });
  expect(verifyReceipt(receipt, keys).ok).toBe(true);
  expect(verifyReceipt({ ...receipt, model: 'other' }, keys).ok).toBe(false);

  await page.goto(`${siteOf(gateway)}/app/requests/req_${'0'.repeat(22)}`);
  await page.getByText('This account has no request of this id.').waitFor();
  // The browser itself writes of the 404.
  complaints.splice(0);
});

it('shows the ways to pay that the operator named, of which none pretends to work', async (context) => {
  needBrowser(context);
  await visit(page, 'Billing');
  for (const way of ['USDC', 'Card', 'Auto-reload']) {
    const form = page.getByRole('group', { name: way, exact: true });
    await form.waitFor();
    const controls = await form.locator('input, select, button').all();
    expect(controls).not.toEqual([]);
    for (const control of controls) expect(await control.isDisabled()).toBe(true);
  }
  expect(await page.getByText('Not available yet on this server.').count()).toBe(3);
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
    expect(await axeViolations(page)).toEqual([]);
  }
});

it('rotates a key at once and with an overlap, and revokes one: each old secret is refused from its end on', async (context) => {
  needBrowser(context);
  const first = await createKey(page, 'robot');
  await first.shown.getByRole('button', { name: 'I saved it' }).click();

  const second = await rotate('robot', 'After 1 hour');
  expect([(await chat(gateway, first.secret)).status, (await chat(gateway, second)).status]).toEqual([
    200, 200,
  ]);
  await page.getByRole('row', { name: /^robot \(old\).*active until/ }).waitFor();

  const third = await rotate('robot', 'At once');
  expect([(await chat(gateway, second)).status, (await chat(gateway, third)).status]).toEqual([401, 200]);

  expect((await chat(gateway, laptop)).status).toBe(200);
  await page.getByRole('button', { name: 'Actions of laptop' }).click();
  await page.getByRole('menuitem', { name: 'Revoke' }).click();
  const dialog = page.getByRole('dialog', { name: 'Revoke the key “laptop”' });
  await dialog.getByRole('button', { name: 'Revoke the key' }).click();
  await page.getByRole('row', { name: /laptop.*revoked/ }).waitFor();
  expect(await refusal(laptop)).toMatchObject({
    code: 'invalid_api_key',
    message: expect.stringContaining('revoked'),
  });

  await moveClock(gateway, 59 * MINUTE_MS);
  expect([(await chat(gateway, first.secret)).status, (await chat(gateway, third)).status]).toEqual([
    200, 200,
  ]);
  await moveClock(gateway, MINUTE_MS);
  expect(await refusal(first.secret)).toMatchObject({
    code: 'invalid_api_key',
    message: expect.stringContaining('expired'),
  });
  expect((await chat(gateway, third)).status).toBe(200);
  await page.getByRole('row', { name: /^robot \(old\).*expired/ }).waitFor();
  expect(complaints).toEqual([]);
});

/** The 401 that a key gets now, as its client sees it. */
async function refusal(key: string): Promise<unknown> {
  const reply = await chat(gateway, key);
  expect(reply.status).toBe(401);
  return ((await reply.json()) as { error: unknown }).error;
}

/** Rotates a key. Resolves with the new secret. */
async function rotate(name: string, overlap: string): Promise<string> {
  await page.getByRole('button', { name: `Actions of ${name}`, exact: true }).click();
  await page.getByRole('menuitem', { name: 'Rotate' }).click();
  const dialog = page.getByRole('dialog', { name: `Rotate the key “${name}”` });
  await dialog.getByLabel('The old secret ends').selectOption({ label: overlap });
  await dialog.getByRole('button', { name: 'Make the new secret' }).click();
  const shown = page.getByRole('dialog', { name: /^The key/ });
  const secret = await shown.getByLabel('Secret').inputValue();
  await shown.getByRole('button', { name: 'I saved it' }).click();
  await shown.waitFor({ state: 'detached' });
  return secret;
}
