import { afterAll, beforeAll, expect, it, type TestContext } from 'vitest';
import { startDemoConnector, startGateway, type Gateway } from '../support/gateway.ts';
import { cleanUp } from '../support/processes.ts';
import { DEMO_CONFIG } from '../support/configs.ts';
import { axeViolations, startBrowser, type TestBrowser } from './support/browser.ts';
import { accountOf, chat, createKey, fillSignUp, heading, siteOf, visit } from './support/steps.ts';

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
  await page.goto(`${siteOf(gateway)}/sign-up`);
  await fillSignUp(page, 'Mara');

  await heading(page, 'Dashboard');
  await page.getByText('Three steps to the first request').waitFor();
  expect(await axeViolations(page)).toEqual([]);

  const { shown, secret } = await createKey(page, 'laptop');
  expect(secret).toMatch(/^sk-test-[0-9A-Za-z]+$/);
  expect(await axeViolations(page)).toEqual([]);
  await page.mouse.click(5, 5);
  await shown.waitFor();
  await page.keyboard.press('Escape');
  await shown.getByText('This cannot be shown again.').waitFor();
  await shown.getByRole('button', { name: 'Keep it open' }).click();
  await shown.getByRole('button', { name: 'I saved it' }).click();
  await page.getByRole('cell', { name: 'laptop' }).first().waitFor();
  expect(await page.content()).not.toContain(secret);

  await visit(page, 'Dashboard');
  await page.getByText('Make a key: done').waitFor();
  await gateway.cli('credit', 'add', await accountOf(page), '--usd', '1', '--reason', 'test');
  await page.getByText('Have credit: done').waitFor();
  expect((await chat(gateway, secret)).status).toBe(200);
  // Nobody loads the page again: the live stream brings it.
  await page.getByRole('cell', { name: 'length reached' }).waitFor();
  await page.getByText('$0.92').first().waitFor();
  expect(complaints).toEqual([]);
});
