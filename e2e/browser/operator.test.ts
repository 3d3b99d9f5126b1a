import { afterAll, beforeAll, expect, it, type TestContext } from 'vitest';
import type { Page } from 'playwright-core';
import { startDemoConnector, startGateway, type Gateway } from '../support/gateway.ts';
import { cleanUp } from '../support/processes.ts';
import { DEMO_CONFIG } from '../support/configs.ts';
import { axeViolations, startBrowser, type TestBrowser } from './support/browser.ts';

const PASSWORD = 'a long enough sentence';

let browser: TestBrowser | { missing: string };
let gateway: Gateway;
let site: string;
/** Of somebody else's account. */
let nodeId: string;
let customer: { accountId: string; key: string };

beforeAll(async () => {
  browser = await startBrowser();
  if ('missing' in browser) return;
  gateway = await startGateway({ config: DEMO_CONFIG });
  site = `http://localhost:${gateway.port}`;
  const { token } = await gateway.node('demo');
  await startDemoConnector(gateway, token);
  customer = await gateway.customer('5');
  const added = await gateway.cli(
    'node',
    'add',
    '--name',
    'farm',
    '--pool',
    'demo',
    '--account',
    customer.accountId,
  );
  nodeId = (added as { node: { id: string } }).node.id;
});
afterAll(async () => {
  if (browser !== undefined && !('missing' in browser)) await browser.close();
  await cleanUp();
});

function needBrowser(context: TestContext): TestBrowser {
  return 'missing' in browser ? context.skip(browser.missing) : browser;
}

async function fillSignUp(page: Page, name: string): Promise<void> {
  await page.getByLabel('Name').fill(name);
  await page.getByLabel('E-mail').fill(`${name.toLowerCase()}@example.com`);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign up' }).click();
}

/** A new operator, by the link that is made on the machine of the gateway. */
async function openAsOperator(test: TestBrowser, name: string) {
  const opened = await test.open();
  const { link } = (await gateway.cli('operator', 'link')) as { link: string };
  await opened.page.goto(link);
  await fillSignUp(opened.page, name);
  await opened.page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
  return opened;
}

async function ask(key: string): Promise<Response> {
  return fetch(`${gateway.baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'demo', messages: [{ role: 'user', content: 'Hello' }] }),
  });
}

it('lets an operator change a price, which holds for the next request', async (context) => {
  const { page, complaints } = await openAsOperator(needBrowser(context), 'Olga');
  await page.getByRole('link', { name: 'Models and prices' }).click();
  await page.getByRole('link', { name: 'demo', exact: true }).click();
  await page.getByLabel('A request, US dollars').fill('0.25');
  await page.getByRole('button', { name: 'Preview the change' }).click();
  const dialog = page.getByRole('dialog', { name: 'Set the price of “demo”' });
  await dialog.getByText('Nobody asked this model').waitFor();
  await dialog.getByText('$0.25 a request').waitFor();
  expect(await axeViolations(page)).toEqual([]);
  await dialog.getByRole('button', { name: 'Set the price' }).click();
  await dialog.waitFor({ state: 'detached' });
  await page.getByRole('cell', { name: 'this page' }).waitFor();

  expect((await ask(customer.key)).status).toBe(200);
  expect(await gateway.cli('credit', 'balance', customer.accountId)).toMatchObject({
    balance: { spent: { micros: 250_000 } },
  });
  await page.getByRole('link', { name: 'Audit log' }).click();
  await page.getByLabel('Did what').fill('price.set');
  await page.getByRole('cell', { name: 'demo', exact: true }).waitFor();
  expect(new URL(page.url()).searchParams.get('action')).toBe('price.set');
  expect(complaints).toEqual([]);
});

it('lets an operator ban a node until a day and pardon it, by keyboard', async (context) => {
  const { page, complaints } = await openAsOperator(needBrowser(context), 'Oskar');
  await page.goto(`${site}/operator/nodes/${nodeId}`);
  await page.getByRole('button', { name: 'Ban', exact: true }).focus();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Ban the node “farm”' });
  const confirm = dialog.getByRole('button', { name: 'Ban the node' });
  expect(await confirm.isDisabled()).toBe(true);
  await dialog.getByLabel('Reason').focus();
  await page.keyboard.type('It resold answers.');
  await confirm.focus();
  await page.keyboard.press('Enter');
  await dialog.waitFor({ state: 'detached' });
  await page.getByRole('cell', { name: 'ban', exact: true }).waitFor();
  await page.getByText('It resold answers.').waitFor();
  const told = await gateway.cli('node', 'sanctions', nodeId);
  expect(told).toMatchObject({ sanctions: [{ kind: 'ban', active: true, reason: 'by-operator' }] });

  await page.getByRole('button', { name: 'Pardon' }).click();
  const pardon = page.getByRole('dialog', { name: 'Pardon the node “farm”' });
  await pardon.getByLabel('Reason').fill('It was a mistake.');
  await pardon.getByRole('button', { name: 'Pardon the node' }).click();
  await page.getByText('lifted', { exact: true }).waitFor();
  expect(complaints).toEqual([]);
});

it('moves money only after account and amount were named, and once', async (context) => {
  const { page, complaints } = await openAsOperator(needBrowser(context), 'Otto');
  await page.goto(`${site}/operator/accounts?search=custom`);
  await page.getByRole('link', { name: 'customer' }).click();
  await page.getByRole('button', { name: 'Adjust the balance' }).click();
  const form = page.getByRole('dialog', { name: 'Adjust the balance of “customer”' });
  await form.getByLabel('Amount in US dollars').fill('nothing');
  await form.getByLabel('Reason').fill('An outage.');
  await form.getByRole('button', { name: 'Review' }).click();
  await form.getByText('An amount above 0').waitFor();
  await form.getByLabel('Amount in US dollars').fill('2.50');
  await form.getByRole('button', { name: 'Review' }).click();
  const confirm = page.getByRole('dialog', { name: 'Add $2.50 to “customer”?' });
  expect(await confirm.textContent()).toContain(customer.accountId);
  expect(await axeViolations(page)).toEqual([]);
  const before = await depositedMicros();
  await confirm.getByRole('button', { name: 'Add $2.50' }).click();
  await confirm.waitFor({ state: 'detached' });
  expect((await depositedMicros()) - before).toBe(2_500_000);
  expect(complaints).toEqual([]);
});

async function depositedMicros(): Promise<number> {
  const told = await gateway.cli('credit', 'balance', customer.accountId);
  return (told as { balance: { available: { micros: number } } }).balance.available.micros;
}

it('pauses the site for maintenance, with a banner on every page', async (context) => {
  const { page } = await openAsOperator(needBrowser(context), 'Ottilie');
  await page.getByRole('link', { name: 'Maintenance' }).first().click();
  await page.getByLabel('Message').fill('Back at noon.');
  await page.getByRole('button', { name: 'Begin maintenance' }).click();
  await page.getByRole('button', { name: 'Refuse new requests' }).click();
  await page.getByText('Maintenance is on: new paid requests are refused.').waitFor();
  const refused = await ask(customer.key);
  expect(refused.status).toBe(503);
  expect(await refused.text()).toContain('Back at noon.');
  await page.getByRole('button', { name: 'End the maintenance' }).click();
  await page.getByRole('button', { name: 'Take requests again' }).click();
  // The dialog says nearly the same before it is done.
  await page.getByText('Requests are taken', { exact: true }).waitFor();
  expect((await ask(customer.key)).status).toBe(200);
});

const PATHS = [
  '',
  '/accounts',
  '/models',
  '/upstreams',
  '/nodes',
  '/content-rules',
  '/audit',
  '/config',
  '/maintenance',
];

it('leads an operator through the sign-in back to the page that was asked for', async (context) => {
  const { page } = await openAsOperator(needBrowser(context), 'Orla');
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sign in', level: 1 }).waitFor();
  await page.goto(`${site}/operator/audit?action=account`);
  await page.getByLabel('E-mail').fill('orla@example.com');
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByRole('heading', { name: 'Audit log', level: 1 }).waitFor();
  expect(await page.getByLabel('Did what').inputValue()).toBe('account');
  await page.goto(`${site}/sign-in?next=%2Foperator%2Fnodes`);
  await page.getByRole('heading', { name: 'Nodes', level: 1 }).waitFor();
});

it('does not exist for other people: neither pages nor routes', async (context) => {
  const { page } = await needBrowser(context).open();
  await page.goto(`${site}/operator/accounts`);
  await page.getByRole('heading', { name: 'Sign in', level: 1 }).waitFor();
  await page.goto(`${site}/sign-up`);
  await fillSignUp(page, 'Mara');
  await page.getByRole('heading', { name: 'Dashboard', level: 1 }).waitFor();
  for (const path of PATHS) {
    const answer = await page.goto(`${site}/operator${path}`);
    expect([path, answer?.status()]).toEqual([path, 404]);
    await page.getByRole('heading', { name: 'There is no such page', level: 1 }).waitFor();
    const status = await page.evaluate(
      `fetch('/api/console/operator${path === '' ? '/overview' : path}').then(({ status }) => status)`,
    );
    expect([path, status]).toEqual([path, 404]);
  }
});
