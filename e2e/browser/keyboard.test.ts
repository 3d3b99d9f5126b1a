import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DEMO_CONFIG } from '../support/configs.ts';
import { startGateway, type Gateway } from '../support/gateway.ts';
import { cleanUp } from '../support/processes.ts';
import { startBrowser, type TestBrowser } from './support/browser.ts';
import { emailOf, heading, PASSWORD, siteOf } from './support/steps.ts';

/** The way from signing up to a key and back to the dashboard without a mouse, and without ever losing the focus. */

const TABS_MAX = 60;

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

it('leads from signing up to a key and to the dashboard by keyboard alone', async (context) => {
  if ('missing' in browser) return context.skip(browser.missing);
  const { page, complaints } = await browser.open();
  const { keyboard } = page;
  await page.goto(`${siteOf(gateway)}/sign-up`);
  await heading(page, 'Sign up');
  await tabTo(page, page.getByLabel('Name'));
  await keyboard.type('Mara');
  await keyboard.press('Tab');
  await keyboard.type(emailOf('Mara'));
  await keyboard.press('Tab');
  await keyboard.type(PASSWORD);
  await keyboard.press('Enter');
  await heading(page, 'Dashboard');

  // The skip link is the first stop and leads past the sidebar.
  await page.reload();
  await heading(page, 'Dashboard');
  await keyboard.press('Tab');
  expect(await focusedText(page)).toBe('Skip to the content');
  await keyboard.press('Enter');
  await expectFocus(page.locator('#main'));
  await keyboard.press('Tab');
  expect(await page.evaluate(`document.querySelector('#main').contains(document.activeElement)`)).toBe(true);

  await page.reload();
  await tabTo(page, page.getByRole('navigation').getByRole('link', { name: 'API keys' }));
  await keyboard.press('Enter');
  await heading(page, 'API keys');
  await expectFocus(page.locator('#main'));

  // Escape closes a form, and the focus is back on what opened it.
  const create = page.getByRole('button', { name: 'Create a key' }).first();
  await tabTo(page, create);
  await keyboard.press('Enter');
  const form = page.getByRole('dialog', { name: 'Create a key' });
  await form.waitFor();
  await keyboard.press('Escape');
  await form.waitFor({ state: 'detached' });
  await expectFocus(create);

  await keyboard.press('Enter');
  await tabTo(page, form.getByLabel('Name'));
  await keyboard.type('laptop');
  await keyboard.press('Tab');
  await keyboard.press('ArrowDown');
  expect(await form.getByLabel('Expires').inputValue()).toBe('30');
  await tabTo(page, form.getByRole('button', { name: 'Create' }));
  await keyboard.press('Enter');

  const shown = page.getByRole('dialog', { name: 'The key “laptop”' });
  await tabTo(page, shown.getByRole('tab', { name: 'Environment' }));
  await keyboard.press('ArrowRight');
  await expectFocus(shown.getByRole('tab', { name: 'curl' }));
  // Tab goes round inside of the dialog: it never gets behind it.
  for (let count = 0; count < 8; count += 1) {
    await keyboard.press('Tab');
    expect(await page.evaluate(`document.activeElement.closest('[role=dialog]') !== null`)).toBe(true);
  }
  await tabTo(page, shown.getByRole('button', { name: 'I saved it' }));
  await keyboard.press('Enter');
  await shown.waitFor({ state: 'detached' });

  // A menu by its arrows; Escape gives the focus back.
  const actions = page.getByRole('button', { name: 'Actions of laptop' });
  await tabTo(page, actions);
  await keyboard.press('Enter');
  await expectFocus(page.getByRole('menuitem', { name: 'Edit name and limits' }));
  await keyboard.press('ArrowDown');
  await expectFocus(page.getByRole('menuitem', { name: 'Rotate' }));
  await keyboard.press('Escape');
  await expectFocus(actions);

  await tabTo(page, page.getByRole('navigation').getByRole('link', { name: 'Dashboard' }));
  await keyboard.press('Enter');
  await heading(page, 'Dashboard');
  await page.getByText('Make a key: done').waitFor();
  expect(complaints).toEqual([]);
});

it('shows every stop of the Tab key on a phone, under no bar and beside no edge', async (context) => {
  if ('missing' in browser) return context.skip(browser.missing);
  const { page } = await browser.open({ theme: 'dark', size: 'phone' });
  await page.goto(`${siteOf(gateway)}/sign-up`);
  await page.getByLabel('Name').fill('Olga');
  await page.getByLabel('E-mail').fill(emailOf('Olga'));
  await page.getByLabel('Password').fill(PASSWORD);
  await page.keyboard.press('Enter');
  await heading(page, 'Dashboard');
  await page.getByText('Three steps to the first request').waitFor();
  const hidden: unknown[] = [];
  for (let count = 0; count < TABS_MAX; count += 1) {
    await page.keyboard.press('Tab');
    const where: unknown = await page.evaluate(LOOK_AT_FOCUS);
    if (where === 'end') break;
    if (where !== 'seen') hidden.push(where);
  }
  expect(hidden).toEqual([]);
});

/** `seen`, `end`, or what of the focused element lies outside of the window or under something else. */
const LOOK_AT_FOCUS = `(() => {
  const focused = document.activeElement;
  if (focused === null || focused === document.body) return 'end';
  const target = focused.matches('input.sr-only') ? focused.closest('label') : focused;
  const { left, top, right, bottom, width, height } = target.getBoundingClientRect();
  const name = target.textContent.trim() || target.getAttribute('aria-label') || target.tagName;
  const x = Math.min(Math.max((left + right) / 2, 0), innerWidth - 1);
  const y = Math.min(Math.max(top, 0) + Math.min(height, innerHeight) / 2, innerHeight - 1);
  if (width === 0 || height === 0 || bottom <= 0 || top >= innerHeight) return name + ' is outside of the window';
  const above = document.elementFromPoint(x, y);
  return above !== null && (target.contains(above) || above.contains(target)) ? 'seen' : name + ' is covered';
})()`;

/** Presses Tab until it is there, as often as a patient person would. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  await target.waitFor();
  for (let count = 0; count < TABS_MAX; count += 1) {
    if (await target.evaluate((element) => element === element.ownerDocument.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`the Tab key does not get to ${target.toString()}`);
}

async function expectFocus(target: Locator): Promise<void> {
  await expect
    .poll(() => target.evaluate((element) => element === element.ownerDocument.activeElement))
    .toBe(true);
}

const focusedText = (page: Page) => page.evaluate<string>('document.activeElement.textContent.trim()');
