import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it, type TestContext } from 'vitest';
import { DEMO_CONFIG } from '../support/configs.ts';
import { startGateway, type Gateway } from '../support/gateway.ts';
import { cleanUp } from '../support/processes.ts';
import { startBrowser, type TestBrowser } from './support/browser.ts';
import {
  accountOf,
  askAs,
  chat,
  createKey,
  emailOf,
  fillSignUp,
  heading,
  signUp,
  visit,
} from './support/steps.ts';

/** An account of several people: an invitation, what a viewer may not do, and the end of the account. */

let browser: TestBrowser | { missing: string };
let gateway: Gateway;
let owner: { page: Page; complaints: string[] };

beforeAll(async () => {
  browser = await startBrowser();
  if ('missing' in browser) return;
  gateway = await startGateway({ config: DEMO_CONFIG });
  owner = await browser.open();
  await signUp(owner.page, gateway, 'Mara');
});
afterAll(async () => {
  if (browser !== undefined && !('missing' in browser)) await browser.close();
  await cleanUp();
});

function needBrowser(context: TestContext): TestBrowser {
  return 'missing' in browser ? context.skip(browser.missing) : browser;
}

it('invites a second person as a viewer, who sees everything and can make no key', async (context) => {
  const viewer = await needBrowser(context).open();
  const account = await accountOf(owner.page);
  await visit(owner.page, 'Members');
  await owner.page.getByRole('button', { name: 'Invite' }).click();
  const form = owner.page.getByRole('dialog', { name: 'Invite to Mara' });
  await form.getByLabel('E-mail').fill(emailOf('Olga'));
  await form.getByLabel('Role').selectOption('viewer');
  await form.getByRole('button', { name: 'Invite' }).click();
  const shown = owner.page.getByRole('dialog', { name: `Invitation for ${emailOf('Olga')}` });
  const link = await shown.getByLabel('Link').inputValue();
  await shown.getByRole('button', { name: 'Done' }).click();
  await owner.page.getByRole('row', { name: /olga@example\.com viewer/ }).waitFor();

  await viewer.page.goto(link);
  await viewer.page.getByRole('link', { name: 'Sign up to accept' }).click();
  await fillSignUp(viewer.page, 'Olga');
  await viewer.page.getByRole('button', { name: 'Accept' }).click();
  await heading(viewer.page, 'Dashboard');
  await viewer.page.getByRole('button', { name: /Account:/ }).click();
  await viewer.page.getByRole('menuitem', { name: 'Mara (viewer)' }).click();

  await visit(viewer.page, 'API keys');
  await viewer.page.getByText('There is no key yet.').waitFor();
  expect(await viewer.page.getByRole('button', { name: 'Create a key' }).count()).toBe(0);
  // Not only hidden: the server refuses, and the page of the invitation is used up.
  const refused = await askAs(viewer.page, 'POST', `/api/console/accounts/${account}/keys`, { name: 'mine' });
  expect(refused).toMatchObject({ status: 403, body: { error: { code: 'permission_denied' } } });
  await viewer.page.goto(link);
  await viewer.page.getByRole('button', { name: 'Accept' }).click();
  await viewer.page.getByRole('alert').waitFor();

  await owner.page.reload();
  await owner.page.getByRole('row', { name: /Olga/ }).waitFor();
  expect(viewer.complaints).toEqual([]);
});

it('exports all that is kept of an account, then deletes it, and its key is refused', async (context) => {
  needBrowser(context);
  const { page, complaints } = owner;
  const { shown, secret } = await createKey(page, 'laptop');
  await shown.getByRole('button', { name: 'I saved it' }).click();
  expect((await chat(gateway, secret)).status).toBe(402);

  await visit(page, 'Account');
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: 'Download' }).click(),
  ]);
  const file = readFileSync(await download.path(), 'utf8');
  expect(JSON.parse(file)).toMatchObject({ account: { name: 'Mara' } });
  expect(file).toContain('laptop');
  expect(file).not.toContain(secret);

  await page.getByRole('button', { name: 'Delete the account' }).click();
  const dialog = page.getByRole('dialog', { name: 'Delete the account “Mara”' });
  const act = dialog.getByRole('button', { name: 'Delete the account' });
  expect(await act.isDisabled()).toBe(true);
  await dialog.getByLabel('Type Mara to confirm').fill('Mara');
  await act.click();
  await heading(page, 'No account');
  expect((await chat(gateway, secret)).status).toBe(401);
  expect(complaints).toEqual([]);
});
