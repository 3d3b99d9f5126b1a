import { afterAll, beforeAll, expect, it, type TestContext } from 'vitest';
import type { Page } from 'playwright-core';
import { startDemoConnector, startGateway, type Gateway } from '../support/gateway.ts';
import { cleanUp } from '../support/processes.ts';
import { DEMO_CONFIG } from '../support/configs.ts';
import { axeViolations, startBrowser, type TestBrowser } from './support/browser.ts';

const PASSWORD = 'a long enough sentence';

let browser: TestBrowser | { missing: string };
let gateway: Gateway;

beforeAll(async () => {
  browser = await startBrowser();
  if ('missing' in browser) return;
  gateway = await startGateway({ config: DEMO_CONFIG });
  const { token } = await gateway.node('demo');
  await startDemoConnector(gateway, token);
});
afterAll(async () => {
  if (browser !== undefined && !('missing' in browser)) await browser.close();
  await cleanUp();
});

function needBrowser(context: TestContext): TestBrowser {
  return 'missing' in browser ? context.skip(browser.missing) : browser;
}

it('leads from signing up to a key, shown once, and to the first request on the dashboard', async (context) => {
  const { page, complaints } = await needBrowser(context).open();
  const site = `http://localhost:${gateway.port}`;
  await page.goto(`${site}/sign-up`);
  await page.getByLabel('Name').fill('Mara');
  await page.getByLabel('E-mail').fill('mara@example.com');
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign up' }).click();

  await page.getByRole('heading', { name: 'Dashboard', level: 1 }).waitFor();
  await page.getByText('Three steps to the first request').waitFor();
  expect(await axeViolations(page)).toEqual([]);

  const secret = await createKey(page, 'laptop');
  expect(secret).toMatch(/^sk-test-[0-9A-Za-z]+$/);

  await page.getByRole('link', { name: 'Dashboard' }).click();
  await page.getByText('Make a key: done').waitFor();
  const account = await page.evaluate(
    "fetch('/api/console/session').then((reply) => reply.json()).then(({ accounts }) => accounts[0].id)",
  );
  await gateway.cli('credit', 'add', String(account), '--usd', '1', '--reason', 'test');
  await page.getByText('Have credit: done').waitFor();
  const reply = await fetch(`${gateway.baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'demo', messages: [{ role: 'user', content: 'Hello' }] }),
  });
  expect(reply.status).toBe(200);
  // Nobody loads the page again: the live stream brings it.
  await page.getByRole('cell', { name: 'completed' }).waitFor();
  await page.getByText('$0.92').first().waitFor();
  expect(complaints).toEqual([]);
});

/** Makes a key and returns the secret, after it was proven that the dialog is not lost by accident. */
async function createKey(page: Page, name: string): Promise<string> {
  await page.getByRole('link', { name: 'API keys' }).first().click();
  await page.getByRole('button', { name: 'Create a key' }).first().click();
  const form = page.getByRole('dialog', { name: 'Create a key' });
  await form.getByLabel('Name').fill(name);
  await form.getByRole('button', { name: 'Create' }).click();
  const shown = page.getByRole('dialog', { name: `The key “${name}”` });
  const secret = await shown.getByLabel('Secret').inputValue();
  expect(await axeViolations(page)).toEqual([]);

  await page.mouse.click(5, 5);
  await shown.waitFor();
  await page.keyboard.press('Escape');
  await shown.getByText('This cannot be shown again.').waitFor();
  await shown.getByRole('button', { name: 'Keep it open' }).click();
  await shown.getByRole('button', { name: 'I saved it' }).click();
  await shown.waitFor({ state: 'detached' });
  await page.getByRole('cell', { name }).first().waitFor();
  expect(await page.content()).not.toContain(secret);
  return secret;
}
