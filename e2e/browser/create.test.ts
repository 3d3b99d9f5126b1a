import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it, vi, type TestContext } from 'vitest';
import { IMAGE_CONFIG } from '../support/configs.ts';
import { startGateway, startImageConnector, type Gateway } from '../support/gateway.ts';
import { cleanUp } from '../support/processes.ts';
import { axeViolations, startBrowser, type TestBrowser } from './support/browser.ts';
import { balanceOf, databaseNames, signUpWithMoney, storedTexts } from './support/person.ts';

/** Of the model in the configuration: 18 credits. */
const PRICE_MICROS = 180_000;

let browser: TestBrowser | { missing: string };
let gateway: Gateway;
let connector: Awaited<ReturnType<typeof startImageConnector>>;
let nodeToken: string;

beforeAll(async () => {
  browser = await startBrowser();
  if ('missing' in browser) return;
  gateway = await startGateway({ config: IMAGE_CONFIG });
  const { token } = await gateway.node('demo');
  connector = await startImageConnector(gateway, token);
  nodeToken = token;
});
afterAll(async () => {
  if (browser !== undefined && !('missing' in browser)) await browser.close();
  await cleanUp();
});

type Look = Parameters<TestBrowser['open']>[0];

async function openCreate(context: TestContext, look?: Look) {
  const ready = 'missing' in browser ? context.skip(browser.missing) : browser;
  const { page, complaints } = await ready.open(look);
  const { accountId } = await signUpWithMoney(page, gateway, { usd: '2', path: '/create' });
  await generateButton(page).waitFor();
  return { page, complaints, accountId };
}

const generateButton = (page: Page) => page.getByRole('button', { name: 'Generate, 18 credits' });
const pictures = (page: Page) => page.getByRole('list', { name: 'Pictures' }).getByRole('button');

async function makePicture(page: Page, prompt: string): Promise<void> {
  const before = await pictures(page).count();
  await page.getByLabel('Prompt').fill(prompt);
  await page.keyboard.press('Control+Enter');
  await pictures(page).nth(before).waitFor({ timeout: 90_000 });
}

it('makes a picture, finds it after a reload, shows it large, saves it and clears it', async (context) => {
  const { page, complaints, accountId } = await openCreate(context);
  await makePicture(page, 'a red house on a hill');
  expect(await balanceOf(page, accountId)).toEqual({ available: 2_000_000 - PRICE_MICROS, held: 0 });
  expect(await page.content()).not.toContain('sk-test-');

  await page.reload();
  await pictures(page).first().waitFor();
  expect(await pictures(page).count()).toBe(1);
  await makePicture(page, 'a blue boat');
  expect(await axeViolations(page)).toEqual([]);

  // By keyboard: the grid is one stop, arrows move in it.
  await pictures(page).first().focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Enter');
  const viewer = page.getByRole('dialog', { name: 'Picture' });
  await viewer.getByText('a red house on a hill').waitFor();
  expect(await axeViolations(page)).toEqual([]);
  await page.keyboard.press('ArrowLeft');
  await viewer.getByText('a blue boat').waitFor();

  await viewer.getByLabel('Write the settings into the file').check();
  const saved = page.waitForEvent('download');
  await viewer.getByRole('button', { name: 'Download' }).click();
  const png = readFileSync(await (await saved).path());
  expect(png.subarray(1, 4).toString()).toBe('PNG');
  expect(png.includes('"prompt":"a blue boat"')).toBe(true);

  await viewer.getByRole('button', { name: 'Reuse settings' }).click();
  expect(await page.getByLabel('Prompt').inputValue()).toBe('a blue boat');

  await page.getByRole('button', { name: 'Delete all' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete all' }).click();
  await page.getByText('No pictures yet.').waitFor();
  await vi.waitFor(async () => expect(await databaseNames(page)).not.toContain('pictures'));
  expect(await storedTexts(page)).toEqual({ local: {}, session: {} });
  expect(complaints).toEqual([]);
});

it('takes numbers as they are typed, also when Enter follows at once', async (context) => {
  const { page } = await openCreate(context);
  await page.getByLabel('Prompt').fill('a tree');
  await page.getByText('Advanced', { exact: true }).click();
  const steps = page.getByRole('spinbutton', { name: 'Steps' });
  await steps.selectText();
  await page.keyboard.type('25');
  expect(await steps.inputValue()).toBe('25');
  const guidance = page.getByRole('spinbutton', { name: 'Guidance' });
  await guidance.fill('99');
  await guidance.blur();
  const most = Number(await guidance.inputValue());
  expect(most).toBeLessThan(99);
  const seed = page.getByLabel('Seed', { exact: true });
  await seed.fill('no seed');
  await page.getByText(/^A whole number from 0/).waitFor();
  await seed.fill('1234');
  // The focus goes on to what stands next.
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  expect(await seed.inputValue()).toBe('');
  await seed.fill('77');
  const asked = page.waitForRequest('**/api/images/create');
  await seed.press('Enter');
  expect((await asked).postDataJSON()).toMatchObject({ steps: 25, cfg: most, seed: 77 });
  await page.getByRole('button', { name: 'Stop' }).click();
});

it('stops a picture, frees what was held and charges nothing', async (context) => {
  const { page, accountId } = await openCreate(context);
  await page.getByLabel('Prompt').fill('a tree');
  await page.getByText('Landscape').click();
  await generateButton(page).click();
  await page.getByText(/^Step \d+ of 32$/).waitFor({ timeout: 60_000 });
  await page.getByRole('button', { name: 'Stop' }).click();
  await page.getByText('Stopped. Nothing was charged.').waitFor();
  await vi.waitFor(async () =>
    expect(await balanceOf(page, accountId)).toEqual({ available: 2_000_000, held: 0 }),
  );
});

it('asks once whether the person is of age, and says of a blocked prompt that it cost nothing', async (context) => {
  const { page, accountId } = await openCreate(context);
  const adult = page.getByRole('switch', { name: /Adult content/ });
  expect(await adult.isChecked()).toBe(false);
  await adult.click();
  await page.getByRole('button', { name: 'No, leave it off' }).click();
  expect(await adult.isChecked()).toBe(false);
  await adult.click();
  expect(await axeViolations(page)).toEqual([]);
  await page.getByRole('button', { name: 'Yes, I am 18 or older' }).click();
  await vi.waitFor(async () => expect(await databaseNames(page)).toContain('choices'));

  await page.reload();
  await generateButton(page).waitFor();
  expect(await adult.isChecked()).toBe(false);
  await adult.click();
  expect(await adult.isChecked()).toBe(true);

  await page.getByLabel('Prompt').fill('a child on a beach');
  await generateButton(page).click();
  await page.getByText('Nothing was charged. Change the words and try again.').waitFor();
  expect((await balanceOf(page, accountId)).available).toBe(2_000_000);
});

it('takes a new key when the one of the page is refused', async (context) => {
  const { page, accountId } = await openCreate(context);
  await makePicture(page, 'a red ball');
  await page.evaluate(`
    fetch('/api/console/accounts/${accountId}/browser-key',
      { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' }).then((reply) => reply.json())`);
  await makePicture(page, 'a green ball');
  expect(await pictures(page).count()).toBe(2);
});

it('can be used by everyone on a phone in the dark', async (context) => {
  const { page, complaints } = await openCreate(context, { theme: 'dark', size: 'phone' });
  await page.getByText('Advanced').click();
  await page.getByLabel('Steps').last().fill('10');
  expect(await axeViolations(page)).toEqual([]);
  await makePicture(page, 'a house');
  expect(await axeViolations(page)).toEqual([]);
  expect(complaints).toEqual([]);
});

it('waits for a model that nobody serves, and says when it is back, outside of the page too when that was asked for', async (context) => {
  const { page, complaints } = await openCreate(context);
  // What the person would be asked, and shown, is noted instead.
  await page.addInitScript(`
    window.notified = [];
    window.Notification = class {
      static permission = 'default';
      static requestPermission() { window.notified.push('asked'); return Promise.resolve('granted'); }
      constructor(title, { body }) { window.notified.push(body); }
    };`);
  await page.reload();
  await generateButton(page).waitFor();
  await connector.stop();
  await page.getByText('No node serves demo-image now.').waitFor();
  await page.getByRole('button', { name: 'Tell me when it is back' }).click();
  expect(await axeViolations(page)).toEqual([]);
  expect(await page.evaluate('window.notified')).toEqual([]);
  await page.getByRole('button', { name: 'Notify me outside of this page, too' }).click();
  await page.getByText('The browser will show a notification, too.').waitFor();

  connector = await startImageConnector(gateway, nodeToken);
  const news = 'demo-image is available again.';
  await page.locator('[aria-live=polite]', { hasText: news }).waitFor({ state: 'attached' });
  await vi.waitFor(async () => expect(await page.evaluate('window.notified')).toEqual(['asked', news]));
  expect(await axeViolations(page)).toEqual([]);
  await page.getByRole('button', { name: 'Good' }).click();
  expect(await page.getByText(news).count()).toBe(0);
  expect(complaints).toEqual([]);
});

it('keeps what was written for who looks elsewhere and comes back', async (context) => {
  const { page } = await openCreate(context);
  await page.getByLabel('Prompt').fill('a slow boat');
  await page.getByRole('link', { name: 'Billing' }).first().click();
  await page.getByRole('heading', { name: 'Billing', level: 1 }).waitFor();
  await page.goBack();
  await generateButton(page).waitFor();
  expect(await page.getByLabel('Prompt').inputValue()).toBe('a slow boat');
  expect(JSON.stringify(await storedTexts(page))).not.toContain('slow boat');
});
