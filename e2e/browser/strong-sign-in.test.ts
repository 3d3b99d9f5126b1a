import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it, type TestContext } from 'vitest';
import { DEMO_CONFIG } from '../support/configs.ts';
import { startGateway, type Gateway } from '../support/gateway.ts';
import { cleanUp } from '../support/processes.ts';
import { startBrowser, type TestBrowser } from './support/browser.ts';
import { heading, PASSWORD, signIn, signOut, signUp, siteOf, totp, visit } from './support/steps.ts';

/** Signing in with more than a password: the code of an app, and a passkey of the device. */

let browser: TestBrowser | { missing: string };
let gateway: Gateway;

beforeAll(async () => {
  browser = await startBrowser();
  if ('missing' in browser) return;
  gateway = await startGateway({ config: DEMO_CONFIG });
});
afterAll(async () => {
  if (browser !== undefined && !('missing' in browser)) await browser.close();
  await cleanUp();
});

function needBrowser(context: TestContext): TestBrowser {
  return 'missing' in browser ? context.skip(browser.missing) : browser;
}

it('asks for the code of an app after the password, and takes each saved code once', async (context) => {
  const { page, complaints } = await needBrowser(context).open();
  await signUp(page, gateway, 'Mara');
  await visit(page, 'Profile and security');
  const section = page.locator('section', { has: page.getByRole('heading', { name: 'Second step' }) });
  await section.getByLabel('Password').fill(PASSWORD);
  await section.getByRole('button', { name: 'Turn it on' }).click();
  const dialog = page.getByRole('dialog', { name: 'Set up the app' });
  const secret = await dialog.getByLabel('Secret').inputValue();
  const [saved = ''] = (await dialog.getByRole('group').locator('code').innerText()).split('\n');
  await dialog.getByLabel('Code that the app shows').fill('000000');
  await dialog.getByRole('button', { name: 'Turn it on' }).click();
  await dialog.getByRole('alert').waitFor();
  await dialog.getByLabel('Code that the app shows').fill(totp(secret, Date.now()));
  await dialog.getByRole('button', { name: 'Turn it on' }).click();
  await section.getByRole('button', { name: 'Turn it off' }).waitFor();

  await signOut(page);
  await signIn(page, gateway, 'Mara');
  await heading(page, 'Second step');
  // The password alone is no session.
  await page.goto(`${siteOf(gateway)}/app`);
  await heading(page, 'Sign in');
  await signIn(page, gateway, 'Mara');
  // Each code counts once; the next one is taken already.
  await enterCode(page, totp(secret, Date.now() + 30_000));
  await heading(page, 'Dashboard');

  await signOut(page);
  await signIn(page, gateway, 'Mara');
  await page.getByRole('button', { name: 'The app is lost' }).click();
  await enterCode(page, saved);
  await heading(page, 'Dashboard');
  await signOut(page);
  await signIn(page, gateway, 'Mara');
  await page.getByRole('button', { name: 'The app is lost' }).click();
  await enterCode(page, saved);
  await page.getByRole('alert').waitFor();
  expect(complaints).toEqual([]);
});

async function enterCode(page: Page, code: string): Promise<void> {
  await heading(page, 'Second step');
  await page.getByRole('textbox', { name: /code/i }).fill(code);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}

it('adds a passkey of the device, signs in with it alone, and removes it', async (context) => {
  const { page, complaints } = await needBrowser(context).open();
  await addAuthenticator(page);
  await signUp(page, gateway, 'Olga');
  await visit(page, 'Profile and security');
  const section = page.locator('section', { has: page.getByRole('heading', { name: 'Passkeys' }) });
  await section.getByText('There is none yet.').waitFor();
  await section.getByLabel('Name of the device').fill('Olga’s phone');
  await section.getByRole('button', { name: 'Add a passkey' }).click();
  await section.getByText('Olga’s phone').first().waitFor();

  await signOut(page);
  await page.getByRole('button', { name: /passkey/ }).click();
  await heading(page, 'Dashboard');

  await visit(page, 'Profile and security');
  await section.getByRole('button', { name: 'Remove Olga’s phone' }).click();
  await section.getByText('There is none yet.').waitFor();
  await signOut(page);
  await page.getByRole('button', { name: /passkey/ }).click();
  await page.getByRole('alert').waitFor();
  expect(complaints).toEqual([]);
});

/** A device of the browser's own making that has a lock and says yes (Chrome DevTools Protocol, domain WebAuthn). */
async function addAuthenticator(page: Page): Promise<void> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('WebAuthn.enable');
  await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
}
