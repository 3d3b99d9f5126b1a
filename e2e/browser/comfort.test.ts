import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DEMO_CONFIG } from '../support/configs.ts';
import { startGateway, type Gateway } from '../support/gateway.ts';
import { moveClock } from '../support/movable-clock.ts';
import { cleanUp } from '../support/processes.ts';
import { SIZES, startBrowser, type TestBrowser } from './support/browser.ts';
import { accountOf, askAs, emailOf, heading, PASSWORD, signUp, siteOf, visit } from './support/steps.ts';

/** What makes the pages pleasant: long lists, the way back, the way through the sign-in, a phone, no script. */

const KEYS = 12;
const MINUTE_MS = 60_000;

let browser: TestBrowser | { missing: string };
let gateway: Gateway;
let page: Page;
let complaints: string[];

beforeAll(async () => {
  browser = await startBrowser();
  if ('missing' in browser) return;
  gateway = await startGateway({ config: DEMO_CONFIG, hasMovableClock: true });
  ({ page, complaints } = await browser.open());
  await signUp(page, gateway, 'Nora');
  const keys = `/api/console/accounts/${await accountOf(page)}/keys`;
  for (let index = 0; index < KEYS; index += 1) {
    expect((await askAs(page, 'POST', keys, { name: `service-${index}` })).status).toBe(200);
  }
});
afterAll(async () => {
  if (browser !== undefined && !('missing' in browser)) await browser.close();
  await cleanUp();
});

it('finds in a long list, and leads back to what was found and to where it was left', async (context) => {
  if ('missing' in browser) return context.skip(browser.missing);
  await page.setViewportSize({ width: 1280, height: 500 });
  await visit(page, 'API keys');
  const find = page.getByRole('searchbox', { name: 'Find in API keys' });
  await find.fill('SERVICE-1');
  await page.getByRole('status').filter({ hasText: '3 of 12 keys' }).waitFor();
  expect(page.url()).toContain('find=SERVICE-1');
  await visit(page, 'Billing');
  await page.goBack();
  await heading(page, 'API keys');
  expect(await find.inputValue()).toBe('SERVICE-1');
  await find.fill('nowhere');
  await page.getByRole('button', { name: 'Show all' }).click();
  await page.evaluate('scrollTo(0, 300)');
  await visit(page, 'Billing');
  expect(await page.evaluate('scrollY')).toBe(0);
  await page.goBack();
  await heading(page, 'API keys');
  await page.waitForFunction('scrollY === 300');
});

it('shows rows as cards on a phone, which are a table to a screen reader still', async (context) => {
  if ('missing' in browser) return context.skip(browser.missing);
  await page.setViewportSize(SIZES.phone);
  const table = page.getByRole('table', { name: 'API keys' });
  expect(await table.getByRole('row').count()).toBe(KEYS + 1);
  expect(await table.getByRole('columnheader', { name: 'State' }).count()).toBe(1);
  const row = table.getByRole('row').nth(1);
  const [name, state] = await Promise.all([0, 1].map((at) => row.getByRole('cell').nth(at).boundingBox()));
  expect(state?.y).toBeGreaterThan((name?.y ?? 0) + (name?.height ?? 0) - 1);
  await page.setViewportSize(SIZES.desktop);
});

it('shows on a phone the whole of a dialog with a long name, and an error that is above what was pressed', async (context) => {
  if ('missing' in browser) return context.skip(browser.missing);
  await visit(page, 'Members');
  await page.setViewportSize(SIZES.phone);
  await page.getByRole('button', { name: 'Invite' }).click();
  const invitation = page.getByRole('dialog');
  await invitation.getByLabel('E-mail').fill('firstname.lastname@department-of-research.example.com');
  await invitation.getByRole('button', { name: 'Invite' }).click();
  const copy = invitation.getByRole('button', { name: 'Copy' });
  await copy.waitFor();
  const [frame, button] = [await invitation.boundingBox(), await copy.boundingBox()];
  expect((button?.x ?? 0) + (button?.width ?? 0)).toBeLessThan((frame?.x ?? 0) + (frame?.width ?? 0));
  expect(
    await page.evaluate<boolean>(
      `(({ scrollWidth, clientWidth }) => scrollWidth <= clientWidth)(document.querySelector('[role=dialog]'))`,
    ),
  ).toBe(true);
  await invitation.getByRole('button', { name: 'Done' }).click();

  await page.goto(`${siteOf(gateway)}/app/keys`);
  await page.getByRole('button', { name: 'Create a key' }).first().click();
  const form = page.getByRole('dialog');
  await form.getByLabel('Name').fill('one model');
  await form.getByLabel('Only these models').fill('nowhere');
  await form.getByRole('button', { name: 'Create' }).click();
  const error = await form.getByRole('alert').boundingBox();
  expect(error?.y).toBeGreaterThan((await form.boundingBox())?.y ?? 0);
  await form.getByRole('button', { name: 'Cancel' }).click();
  await page.setViewportSize(SIZES.desktop);
});

it('shows a filter of the address that it does not know, so that it can be taken away', async (context) => {
  if ('missing' in browser) return context.skip(browser.missing);
  await page.goto(`${siteOf(gateway)}/app/requests?model=gone`);
  await page.getByText('No request is like that.').waitFor();
  const model = page.getByRole('combobox', { name: 'Model' });
  expect(await model.inputValue()).toBe('gone');
  await model.selectOption('Every model');
  await page.getByText('There was no request yet.').waitFor();
  await visit(page, 'API keys');
});

it('asks for the sign-in as a step of the dialog, and keeps what was typed', async (context) => {
  if ('missing' in browser) return context.skip(browser.missing);
  await moveClock(gateway, 11 * MINUTE_MS);
  await page.getByRole('button', { name: 'Create a key' }).first().click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('later');
  const create = dialog.getByRole('button', { name: 'Create' });
  await create.click();
  const password = dialog.getByLabel(/^Password of/);
  await password.waitFor();
  expect([await dialog.count(), await create.isVisible()]).toEqual([1, false]);
  await page.keyboard.press('Escape');
  expect(await dialog.getByLabel('Name').inputValue()).toBe('later');
  await create.click();
  await password.fill(PASSWORD);
  await page.keyboard.press('Enter');
  await page.getByRole('dialog', { name: 'The key “later”' }).waitFor();
  expect(complaints).toEqual([]);
});

it('keeps what was asked for on the way through the sign-in', async (context) => {
  if ('missing' in browser) return context.skip(browser.missing);
  const { page: other } = await browser.open();
  await other.goto(`${siteOf(gateway)}/app/keys?find=service-7`);
  await other.getByLabel('E-mail').fill(emailOf('Nora'));
  await other.getByLabel('Password').fill(PASSWORD);
  await other.getByRole('button', { name: 'Sign in', exact: true }).click();
  await heading(other, 'API keys');
  expect(new URL(other.url()).search).toBe('?find=service-7');
});

it('has a start page, a handbook with a search, and a page for what is not there without script', async (context) => {
  if ('missing' in browser) return context.skip(browser.missing);
  const plain = await page.context().browser()?.newContext({ javaScriptEnabled: false });
  if (plain === undefined) throw new Error('the browser is gone');
  const reader = await plain.newPage();
  await reader.goto(siteOf(gateway));
  await reader.getByRole('link', { name: 'Python' }).click();
  await reader.getByText('from openai import OpenAI').waitFor();
  await reader.getByRole('link', { name: 'API reference' }).first().click();
  await heading(reader, 'API reference');
  await reader.getByText('import requests').first().waitFor();
  await reader.getByRole('searchbox').fill('spend limit');
  await reader.keyboard.press('Enter');
  await heading(reader, 'Search');
  await reader.getByRole('link', { name: 'Spend limits of a key' }).click();
  await heading(reader, 'Money');
  const lost = await reader.goto(`${siteOf(gateway)}/nowhere`);
  expect(lost?.status()).toBe(404);
  await heading(reader, 'There is no such page');
  await plain.close();
});
