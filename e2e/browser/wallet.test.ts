import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it, type TestContext } from 'vitest';
import { DEMO_CONFIG } from '../support/configs.ts';
import { startGateway, type Gateway } from '../support/gateway.ts';
import { cleanUp } from '../support/processes.ts';
import { axeViolations, startBrowser, type TestBrowser } from './support/browser.ts';
import { accountOf, heading, siteOf } from './support/steps.ts';
import { addWallets } from './support/wallet.ts';

/** Signing in with a wallet of the browser, whose signatures are real. */

const ADDRESS = '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266';

let browser: TestBrowser | { missing: string };
let gateway: Gateway;

beforeAll(async () => {
  browser = await startBrowser();
  if ('missing' in browser) return;
  gateway = await startGateway({ config: `${DEMO_CONFIG}people: { wallet: true }\n` });
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
    .getByRole('button', { name: new RegExp(`^${ADDRESS}`) })
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
