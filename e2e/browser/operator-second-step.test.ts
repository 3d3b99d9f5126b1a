import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it, type TestContext } from 'vitest';
import { DEMO_CONFIG } from '../support/configs.ts';
import { cleanUp } from '../support/processes.ts';
import { axeViolations, startBrowser, type Look, type TestBrowser } from './support/browser.ts';
import { PUBLIC_NAME, startPublicSite, type PublicSite } from './support/public-site.ts';
import { readQrCode } from './support/qr.ts';
import { askAs, emailOf, fillSignUp, heading, PASSWORD, totp } from './support/steps.ts';

/** Operators of a site that others reach, too, need a second step. */

let browser: TestBrowser | { missing: string };
let site: PublicSite;

beforeAll(async () => {
  browser = await startBrowser(PUBLIC_NAME);
  if ('missing' in browser) return;
  site = await startPublicSite(DEMO_CONFIG);
});
afterAll(async () => {
  if (browser !== undefined && !('missing' in browser)) await browser.close();
  site?.close();
  await cleanUp();
});

function needBrowser(context: TestContext): TestBrowser {
  return 'missing' in browser ? context.skip(browser.missing) : browser;
}

async function becomeOperator(page: Page, name: string): Promise<void> {
  const { link } = (await site.gateway.cli('operator', 'link')) as { link: string };
  expect(link.startsWith(`${site.url}/operator-setup?token=`)).toBe(true);
  await page.goto(link);
  await fillSignUp(page, name);
  await heading(page, 'Set up a second step first');
}

async function signIn(page: Page, name: string): Promise<void> {
  await heading(page, 'Sign in');
  await page.getByLabel('E-mail').fill(emailOf(name));
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}

const overview = (page: Page) => askAs(page, 'GET', '/api/console/operator/overview');

it.for<Look>([
  { theme: 'light', size: 'desktop' },
  { theme: 'dark', size: 'desktop' },
  { theme: 'dark', size: 'phone' },
])(
  'lets an operator in once the second step is on, and asks for it from then on, $theme, $size',
  async (look, context) => {
    const { page, context: window, complaints } = await needBrowser(context).open(look);
    const name = `O${look.theme}${look.size}`;
    await becomeOperator(page, name);
    expect(await overview(page)).toMatchObject({
      status: 403,
      body: { error: { code: 'two_factor_required' } },
    });
    expect(await axeViolations(page)).toEqual([]);
    const cookies = await window.cookies();
    expect(cookies.find(({ name: cookie }) => cookie.endsWith('session_token'))).toMatchObject({
      name: '__Host-switchyard.session_token',
      secure: true,
      httpOnly: true,
    });

    await page.getByRole('button', { name: 'Set it up' }).click();
    await heading(page, 'Profile and security');
    const section = page.locator('section', { has: page.getByRole('heading', { name: 'Second step' }) });
    await section.getByLabel('Password').fill(PASSWORD);
    await section.getByRole('button', { name: 'Turn it on' }).click();
    const dialog = page.getByRole('dialog', { name: 'Set up the app' });
    const code = dialog.getByRole('img', { name: 'QR code for an authenticator app' });
    await code.scrollIntoViewIfNeeded();
    expect(await axeViolations(page)).toEqual([]);

    // The app knows nothing but what its camera sees.
    const uri = new URL((await readQrCode(page)) ?? 'none:');
    expect([uri.protocol, uri.host, uri.searchParams.get('issuer')]).toEqual(['otpauth:', 'totp', 'Test']);
    expect(decodeURIComponent(uri.pathname)).toBe(`/Test:${emailOf(name)}`);
    const secret = uri.searchParams.get('secret') ?? '';
    expect(await dialog.getByLabel('Secret', { exact: true }).inputValue()).toBe(secret);
    // Having seen it is not enough: it is not on yet.
    expect((await overview(page)).status).toBe(403);
    await dialog.getByLabel('Code that the app shows').fill(totp(secret, Date.now()));
    await dialog.getByRole('button', { name: 'Turn it on' }).click();
    await section.getByRole('button', { name: 'Turn it off' }).waitFor();

    await page.goto(`${site.url}/operator`);
    await heading(page, 'Overview');
    expect((await overview(page)).status).toBe(200);

    await window.clearCookies();
    await page.goto(`${site.url}/operator/audit`);
    await signIn(page, name);
    await heading(page, 'Second step');
    expect((await overview(page)).status).toBe(401);
    await page.getByRole('textbox', { name: 'Code' }).fill('000000');
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByRole('alert').waitFor();
    // Each code counts once; the next one is taken already.
    await page.getByRole('textbox', { name: 'Code' }).fill(totp(secret, Date.now() + 30_000));
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await heading(page, 'Audit log');
    expect((await overview(page)).status).toBe(200);
    expect(complaints).toEqual([]);
  },
);

it('shuts an operator out who turns it off again', async (context) => {
  const { page } = await needBrowser(context).open();
  await becomeOperator(page, 'Olive');
  const enabled = await askAs(page, 'POST', '/api/auth/two-factor/enable', { password: PASSWORD });
  const { totpURI } = enabled.body as { totpURI: string };
  const secret = new URL(totpURI).searchParams.get('secret') ?? '';
  const turnedOn = await askAs(page, 'POST', '/api/auth/two-factor/verify-totp', {
    code: totp(secret, Date.now()),
  });
  expect([turnedOn.status, (await overview(page)).status]).toEqual([200, 200]);
  const turnedOff = await askAs(page, 'POST', '/api/auth/two-factor/disable', { password: PASSWORD });
  expect([turnedOff.status, (await overview(page)).status]).toEqual([200, 403]);
});
