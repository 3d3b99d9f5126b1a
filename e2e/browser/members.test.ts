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
  signIn,
  signUp,
  siteOf,
  visit,
} from './support/steps.ts';

/** An account of several people: an invitation, what a viewer may not do, and the end of the account. */

let browser: TestBrowser | { missing: string };
let gateway: Gateway;
type Window = Awaited<ReturnType<TestBrowser['open']>>;
let owner: Window;
/** Olga, from the second person's first test on. */
let viewer: Window;

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

it('invites a second person as a viewer, who has no keys and can make none', async (context) => {
  viewer = await needBrowser(context).open();
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
  await viewer.page.getByText('Viewers have no keys.').waitFor();
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

it('limits what a developer spends, whose own key ends with that role', async (context) => {
  const { open } = needBrowser(context);
  const { page } = owner;
  await visit(page, 'Members');
  const saved = page.waitForResponse((reply) => reply.request().method() === 'PATCH');
  await page.getByLabel('Role of Olga').selectOption('developer');
  await saved;
  await page.getByRole('button', { name: 'Limits of Olga' }).click();
  const limits = page.getByRole('dialog', { name: 'Limits of Olga' });
  await limits.getByLabel('Limit a day, in US dollars').fill('nothing');
  await limits.getByRole('button', { name: 'Save' }).click();
  await limits.getByText('An amount from 0 to 10000000').waitFor();
  await limits.getByLabel('Limit a day, in US dollars').fill('0.5');
  await limits.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('row', { name: /olga@example\.com.*\$0\.00 of \$0\.50 this day/ }).waitFor();

  const olga = await open();
  await signIn(olga.page, gateway, 'Olga');
  await heading(olga.page, 'Dashboard');
  await olga.page.getByRole('button', { name: /Account:/ }).click();
  await olga.page.getByRole('menuitem', { name: 'Mara (developer)' }).click();
  const { shown, secret } = await createKey(olga.page, 'of Olga');
  await shown.getByRole('button', { name: 'I saved it' }).click();
  await olga.page.getByRole('row', { name: /of Olga.* me / }).waitFor();
  expect(await olga.page.getByLabel('Whose').count()).toBe(0);

  const mine = await createKey(page, 'of Mara', 'Me');
  await mine.shown.getByRole('button', { name: 'I saved it' }).click();
  await page.getByRole('row', { name: /of Olga.* Olga / }).waitFor();
  await page.getByLabel('Whose').selectOption('My keys');
  await page.getByRole('row', { name: /of Mara.* me / }).waitFor();
  expect(await page.getByRole('row', { name: /of Olga/ }).count()).toBe(0);
  expect((await chat(gateway, secret)).status).toBe(402);

  await visit(page, 'Members');
  const lowered = page.waitForResponse((reply) => reply.request().method() === 'PATCH');
  await page.getByLabel('Role of Olga').selectOption('viewer');
  await lowered;
  expect((await chat(gateway, secret)).status).toBe(401);
  expect((await chat(gateway, mine.secret)).status).toBe(402);
  expect([olga.complaints, owner.complaints]).toEqual([[], []]);
  await olga.page.close();
});

it('gives and takes the rights of a role on an open page that nobody touches', async (context) => {
  needBrowser(context);
  const account = await accountOf(owner.page);
  const asOlga = (method: string, path: string, body?: object) =>
    askAs(viewer.page, method, `/api/console/accounts/${account}/${path}`, body);
  const create = viewer.page.getByRole('button', { name: 'Create a key' });
  await viewer.page.goto(`${siteOf(gateway)}/app/keys`);
  await viewer.page.getByText('Viewers have no keys.').waitFor();
  const role = owner.page.getByLabel('Role of Olga');

  await role.selectOption('developer');
  await create.first().waitFor();
  const { secret } = (await asOlga('POST', 'browser-key', {})).body as { secret: string };
  expect((await chat(gateway, secret)).status).toBe(402);

  await role.selectOption('viewer');
  await create.first().waitFor({ state: 'detached' });
  expect(await asOlga('POST', 'keys', { name: 'mine' })).toMatchObject({
    status: 403,
    body: { error: { code: 'permission_denied' } },
  });
  expect((await chat(gateway, secret)).status).toBe(401);

  const stream = endOfStream(viewer.page, account);
  await owner.page.getByRole('button', { name: 'Take out Olga' }).click();
  const dialog = owner.page.getByRole('dialog', { name: 'Take Olga out of Mara' });
  await dialog.getByRole('button', { name: 'Take out' }).click();
  await stream;
  // The page is in the account that is left to her, and sees nothing of the other.
  await viewer.page.getByRole('button', { name: 'Account: Olga owner' }).waitFor();
  await create.first().waitFor();
  for (const path of ['keys', 'overview', 'events'])
    expect([path, (await asOlga('GET', path)).status]).toEqual([path, 404]);
  expect(viewer.complaints).toEqual([]);
});

it('ends the page of another browser when its person ends all other sessions', async (context) => {
  const second = await needBrowser(context).open();
  await signIn(second.page, gateway, 'Olga');
  await heading(second.page, 'Dashboard');
  const account = await accountOf(second.page);
  await visit(second.page, 'Profile and security');
  const stream = endOfStream(viewer.page, account);
  await second.page.getByRole('button', { name: 'End all other sessions' }).click();
  await stream;
  await heading(viewer.page, 'Sign in');
  expect((await askAs(viewer.page, 'GET', `/api/console/accounts/${account}/keys`)).status).toBe(401);
  expect((await askAs(second.page, 'GET', `/api/console/accounts/${account}/keys`)).status).toBe(200);
  expect([...viewer.complaints, ...second.complaints]).toEqual([]);
});

/**
 * Resolves when the stream of events of an account that a page has open is over. A stream that is ended counts as failed for
 * the browser; it would finish only with the answer to another try, which a page that has left already does not make.
 */
async function endOfStream(page: Page, account: string): Promise<void> {
  const isStream = (request: { url(): string }): boolean => request.url().endsWith(`/${account}/events`);
  await Promise.any([
    page.waitForEvent('requestfailed', isStream),
    page.waitForEvent('requestfinished', isStream),
  ]);
}

it('exports all that is kept of an account, then deletes it, and its key is refused', async (context) => {
  needBrowser(context);
  const { page, complaints } = owner;
  const { shown, secret } = await createKey(page, 'laptop');
  await shown.getByRole('button', { name: 'I saved it' }).click();
  expect((await chat(gateway, secret)).status).toBe(402);

  await visit(page, 'Account');
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Download' }).click(),
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
