import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cleanUp } from '../support/processes.ts';
import { axeViolations, SIZES, startBrowser, type TestBrowser } from './support/browser.ts';
import { addressOf, fillSite, openEmptyAccount, type FilledSite } from './support/filled-site.ts';
import { listPages, type ListedPage } from './support/page-list.ts';

/** Every page there is, full and empty, in both themes, on a desk and on a phone. */

type Window = Awaited<ReturnType<TestBrowser['open']>>;

let browser: TestBrowser | { missing: string };
let site: FilledSite;
/** Somebody with a full account who runs the site, somebody with an empty one, and nobody. */
let full: Window;
let empty: Window;
let guest: Window;

beforeAll(async () => {
  browser = await startBrowser();
  if ('missing' in browser) return;
  full = await browser.open();
  site = await fillSite(full.page);
  empty = await browser.open();
  await openEmptyAccount(empty.page, site);
  guest = await browser.open();
});
afterAll(async () => {
  if (browser !== undefined && !('missing' in browser)) await browser.close();
  await site?.close();
  await cleanUp();
});

type State = 'full' | 'empty' | 'alone';
const STATES: Readonly<Record<ListedPage['who'], readonly State[]>> = {
  anyone: ['alone'],
  member: ['full', 'empty'],
  operator: ['full'],
};
const looks = listPages().flatMap(({ path, who }) => STATES[who].map((state) => ({ path, state })));

it.each(looks)(
  '$path ($state) is open to everyone, quiet, and asks its own server only',
  async ({ path, state }) => {
    if ('missing' in browser) return;
    const window = { full, empty, alone: guest }[state];
    expect(await problemsOf(window, addressOf(site, path), state)).toEqual([]);
  },
);

type Check = { theme: 'light' | 'dark'; only?: 'colours' };

/** The theme changes colours only, and those are the same on a phone. What is empty is little: each once. */
function checksOf(size: 'desktop' | 'phone', state: State): readonly Check[] {
  if (state === 'empty') return [{ theme: size === 'desktop' ? 'dark' : 'light' }];
  return size === 'desktop' ? [{ theme: 'light' }, { theme: 'dark', only: 'colours' }] : [{ theme: 'dark' }];
}

async function problemsOf({ page, complaints }: Window, address: string, state: State): Promise<string[]> {
  const foreign: string[] = [];
  const note = (request: { url(): string }) => {
    const { protocol, host } = new URL(request.url());
    if (protocol.startsWith('http') && host !== new URL(address).host) foreign.push(`asks ${host}`);
  };
  page.on('request', note);
  await page.goto(address);
  await settled(page);
  const problems: string[] = [];
  for (const size of ['desktop', 'phone'] as const) {
    await page.setViewportSize(SIZES[size]);
    if (await page.evaluate<boolean>('document.documentElement.scrollWidth > innerWidth'))
      problems.push(`${size}: scrolls sideways`);
    for (const { theme, only } of checksOf(size, state)) {
      await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
      problems.push(...(await axeViolations(page, only)).map((line) => `${size} ${theme}: ${line}`));
    }
  }
  page.off('request', note);
  const stored: string = await page.evaluate('JSON.stringify({ ...localStorage, ...sessionStorage })');
  if (stored !== '{}') problems.push(`keeps ${stored}`);
  return [...problems, ...foreign, ...complaints.splice(0)];
}

/** The heading is there and nothing loads any more. */
async function settled(page: Page): Promise<void> {
  await page.locator('h1').first().waitFor();
  await page.getByLabel('Loading').first().waitFor({ state: 'detached' });
}
