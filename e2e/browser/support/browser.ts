import axe from 'axe-core';
import {
  chromium,
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  type Page,
} from 'playwright-core';
import { CHROMIUM_VARIABLE, chromiumPath } from '../../../tools/chromium.mjs';
import { ensureWebIsBuilt } from './pages.ts';

/** A folder where a picture of each page is left at the end: how a failed test looked. */
const LAST_LOOK_VARIABLE = 'SWITCHYARD_LAST_LOOK';
/** What a page does not show in this time, it never shows. */
const WAIT_MAX_MS = 30_000;

export type Look = { theme: 'light' | 'dark'; size: 'desktop' | 'phone' };
export const SIZES = { desktop: { width: 1280, height: 900 }, phone: { width: 390, height: 844 } };

/** The cookies of a window. */
export type StorageState = Awaited<ReturnType<BrowserContext['storageState']>>;

export type TestBrowser = {
  /** A window of its own: no cookie is shared. What the page says against itself is collected in `complaints`. */
  open(
    look?: Look,
    /** Of a window before: whoever is signed in there is signed in here, too. */
    cookies?: StorageState,
  ): Promise<{ page: Page; context: BrowserContext; complaints: string[] }>;
  close(): Promise<void>;
};

/**
 * Starts Chromium with the built web pages at hand. `missing`: there is none on this machine, and why.
 * `ownName`: a host name that leads to this machine, whatever its certificate is worth.
 */
export async function startBrowser(ownName?: string): Promise<TestBrowser | { missing: string }> {
  const executablePath = chromiumPath();
  if (executablePath === undefined) {
    const missing = `skipped: browser tests need Chromium; set ${CHROMIUM_VARIABLE} to its path`;
    console.warn(missing);
    return { missing };
  }
  ensureWebIsBuilt();
  const isRoot = process.getuid?.() === 0;
  const browser = await chromium.launch({
    executablePath,
    args: [
      ...(isRoot ? ['--no-sandbox'] : []),
      ...(ownName === undefined ? [] : [`--host-resolver-rules=MAP ${ownName} 127.0.0.1`]),
    ],
  });
  return {
    open: (look = { theme: 'light', size: 'desktop' }, cookies?) =>
      openPage(browser, look, {
        ignoreHTTPSErrors: ownName !== undefined,
        ...(cookies === undefined ? {} : { storageState: cookies }),
      }),
    async close() {
      await keepLastLook(browser);
      await browser.close();
    },
  };
}

async function openPage(browser: Browser, { theme, size }: Look, options: BrowserContextOptions) {
  const context = await browser.newContext({ ...options, viewport: SIZES[size], colorScheme: theme });
  context.setDefaultTimeout(WAIT_MAX_MS);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    // What the server refused is part of some tests; the policy of the page must never refuse anything.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) {
      complaints.push(message.text());
    }
  });
  return { page, context, complaints };
}

async function keepLastLook(browser: Browser): Promise<void> {
  const folder = process.env[LAST_LOOK_VARIABLE];
  if (folder === undefined) return;
  const pages = browser.contexts().flatMap((context) => context.pages());
  await Promise.all(pages.map((page, at) => page.screenshot({ path: `${folder}/${process.pid}-${at}.png` })));
}

const WCAG = { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] };
/** All that a theme can change. */
const COLOURS = { type: 'rule', values: ['color-contrast', 'link-in-text-block'] };

/**
 * Resolves when nothing moves any more, at the latest after five seconds. Colours that an element inherits change a frame
 * after those of the element above, so a change of theme needs as many frames as elements are nested. Asks again each frame
 * instead of waiting for `finished`, which never comes for an element that was taken out at the wrong moment.
 */
const STILL = `(async () => {
  const moves = (one) => one.playState === 'running' && one.effect.getComputedTiming().iterations < Infinity;
  const end = performance.now() + 5000;
  do await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  while (document.getAnimations().some(moves) && performance.now() < end);
})()`;

/**
 * What axe finds against WCAG 2.2 AA on the page as it is now, one line for each rule. `only` colours: for a page that was
 * looked at whole in another theme.
 */
export async function axeViolations(page: Page, only?: 'colours'): Promise<string[]> {
  await page.evaluate(STILL);
  if (await page.evaluate<boolean>('window.axe === undefined')) await page.evaluate(axe.source);
  const runOnly = only === 'colours' ? COLOURS : WCAG;
  const found: unknown = await page.evaluate(
    `axe.run(document, { runOnly: ${JSON.stringify(runOnly)} })
      .then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes.map((n) => n.target.join(' ')).join(', ')))`,
  );
  return Array.isArray(found) ? found.map(String) : [`axe gave no answer: ${String(found)}`];
}
