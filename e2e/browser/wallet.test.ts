import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it, type TestContext } from 'vitest';
import { DEMO_CONFIG } from '../support/configs.ts';
import { startGateway, type Gateway } from '../support/gateway.ts';
import { cleanUp } from '../support/processes.ts';
import { axeViolations, startBrowser, type TestBrowser } from './support/browser.ts';
import {
  accountOf,
  emailOf,
  heading,
  mailedLink,
  PASSWORD,
  signIn,
  signUp,
  siteOf,
  visit,
} from './support/steps.ts';
import { addWallets } from './support/wallet.ts';

/** Signing in with a wallet of the browser, whose signatures are real. */

const ADDRESS = '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266';

let browser: TestBrowser | { missing: string };
let gateway: Gateway;

beforeAll(async () => {
  browser = await startBrowser();
  if ('missing' in browser) return;
  gateway = await startGateway({
    config: `${DEMO_CONFIG.replace('welcome_usd: 0', 'welcome_usd: 1')}people: { wallet: true }\n`,
  });
});
afterAll(async () => {
  if (browser !== undefined && !('missing' in browser)) await browser.close();
  await cleanUp();
});

function needBrowser(context: TestContext): TestBrowser {
  return 'missing' in browser ? context.skip(browser.missing) : browser;
}

const walletButton = (page: Page) => page.getByRole('button', { name: 'Go on with a wallet' });

async function signOut(page: Page): Promise<void> {
  await page
    .locator('#sidebar')
    .getByRole('button', { name: /^0xf39F…2266/ })
    .click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await heading(page, 'Sign in');
}

it('makes an account, asks which wallet where there are several, and knows it again', async (context) => {
  const { page, complaints } = await needBrowser(context).open();
  const wallet = await addWallets(page, ['Ant', 'Bee']);
  await page.goto(`${siteOf(gateway)}/sign-up`);
  await walletButton(page).click();
  const choice = page.getByRole('group', { name: 'Which wallet' });
  expect(await choice.getByRole('button').allInnerTexts()).toEqual(['Ant', 'Bee']);
  expect(await axeViolations(page)).toEqual([]);
  await choice.getByRole('button', { name: 'Bee' }).click();
  await heading(page, 'Dashboard');
  const { host } = new URL(siteOf(gateway));
  expect(wallet.texts).toHaveLength(1);
  expect(wallet.texts[0]).toContain(`${host} wants you to sign in with your Ethereum account:\n${ADDRESS}\n`);
  expect(wallet.texts[0]).toContain(`\nURI: ${siteOf(gateway)}\nVersion: 1\nChain ID: 8453\nNonce: `);
  const account = await accountOf(page);

  await signOut(page);
  await walletButton(page).click();
  await choice.getByRole('button', { name: 'Ant' }).click();
  await heading(page, 'Dashboard');
  expect(await accountOf(page)).toBe(account);
  expect(complaints).toEqual([]);
});

it('says what went wrong, and works when it is tried again', async (context) => {
  const { page, complaints } = await needBrowser(context).open({ theme: 'dark', size: 'phone' });
  const wallet = await addWallets(page, 'injected');
  await page.goto(`${siteOf(gateway)}/sign-in`);
  for (const [mood, words] of [
    ['refuses', 'You refused it in the wallet.'],
    ['signs-something-else', 'The signature is not that of the address.'],
    ['is-a-contract', 'This wallet did not sign with a key of its own.'],
  ] as const) {
    wallet.mood = mood;
    await walletButton(page).click();
    await page.getByRole('alert').getByText(words).waitFor();
  }
  expect(await axeViolations(page)).toEqual([]);
  // What was signed for one sign-in is worth nothing for another.
  await page.route('**/api/auth/siwe/nonce', (route) => route.fulfill({ json: { nonce: 'a'.repeat(24) } }));
  wallet.mood = 'signs';
  await walletButton(page).click();
  await page.getByRole('alert').getByText('too old, or was used before').waitFor();
  await page.unroute('**/api/auth/siwe/nonce');
  await walletButton(page).click();
  await heading(page, 'Dashboard');
  expect(complaints).toEqual([]);
});

it('tells where no wallet is, and where the page is open under another name', async (context) => {
  const { page } = await needBrowser(context).open();
  await page.goto(`${siteOf(gateway)}/sign-in`);
  await walletButton(page).click();
  await page.getByRole('alert').getByText('No wallet was found in this browser.').waitFor();
  const wallet = await addWallets(page, ['Ant']);
  await page.goto(`http://127.0.0.1:${gateway.port}/sign-in`);
  await walletButton(page).click();
  await page
    .getByRole('alert')
    .getByText(`Open ${siteOf(gateway)} and sign in there.`)
    .waitFor();
  expect(wallet.texts).toEqual([]);
});

/** The page's next change is refused as one is after ten minutes: the dialog that follows is real. */
async function refuseOnce(page: Page, path: string): Promise<void> {
  const error = { code: 'recent_sign_in_required', message: 'Sign in again.' };
  await page.route(`**${path}`, (route) => route.fulfill({ status: 403, json: { error } }), { times: 1 });
}

it('adds an address, which counts once it is confirmed by who asked, and then a password', async (context) => {
  const test = needBrowser(context);
  const ann = await test.open();
  await signUp(ann.page, gateway, 'Ann');
  const { page, complaints } = await test.open();
  const wallet = await addWallets(page, ['Ant']);
  await page.goto(`${siteOf(gateway)}/sign-in`);
  await walletButton(page).click();
  await heading(page, 'Dashboard');

  await visit(page, 'Profile and security');
  const section = page.locator('section', { has: page.getByRole('heading', { name: 'E-mail' }) });
  const ask = async (email: string) => {
    await section.getByLabel('E-mail').fill(email);
    await section.getByRole('button', { name: 'Send the link' }).click();
  };
  await refuseOnce(page, '/api/console/person/email');
  await ask(emailOf('Ann'));
  const dialog = page.getByRole('dialog', { name: 'Sign in again' });
  expect(await dialog.getByRole('textbox').count()).toBe(0);
  expect(await axeViolations(page)).toEqual([]);
  const signed = wallet.texts.length;
  await dialog.getByRole('button', { name: 'Use the wallet' }).click();
  await section.getByText(`A mail is on its way to ${emailOf('Ann')}.`).waitFor();
  expect(wallet.texts.length).toBe(signed + 1);
  expect(await axeViolations(page)).toEqual([]);
  await mailedLink(gateway, emailOf('Ann'), 'has an account already');

  await ask(emailOf('Wanda'));
  await section.getByText(`A mail is on its way to ${emailOf('Wanda')}.`).waitFor();
  const link = await mailedLink(gateway, emailOf('Wanda'), 'Confirm your e-mail address');
  // The link alone is worth nothing, also to somebody who is signed in.
  await ann.page.goto(link);
  await ann.page.getByRole('button', { name: 'Confirm the address' }).click();
  await ann.page.getByRole('alert').getByText('made for another person').waitFor();
  expect(await axeViolations(ann.page)).toEqual([]);
  const guest = await test.open({ theme: 'dark', size: 'phone' });
  await guest.page.goto(link);
  await guest.page.getByRole('link', { name: 'Sign in' }).click();
  await heading(guest.page, 'Sign in');

  await signOut(page);
  await page.goto(link);
  await page.getByRole('link', { name: 'Sign in' }).click();
  await walletButton(page).click();
  await page.getByRole('button', { name: 'Confirm the address' }).click();
  await heading(page, 'Profile and security');
  await page.getByText(emailOf('Wanda'), { exact: true }).first().waitFor();
  await visit(page, 'Dashboard');
  await page.getByText('$1.00').first().waitFor();

  await signOut(page);
  await walletButton(page).click();
  await heading(page, 'Dashboard');
  await page.getByText(emailOf('Wanda')).first().waitFor();
  await visit(page, 'Profile and security');
  await page.getByRole('button', { name: 'Send me a link' }).click();
  await page.goto(await mailedLink(gateway, emailOf('Wanda'), 'Choose a new password'));
  await page.getByLabel('New password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Save' }).click();
  await heading(page, 'The password is set');
  await signIn(page, gateway, 'Wanda');
  await heading(page, 'Dashboard');
  expect(complaints).toEqual([]);
});
