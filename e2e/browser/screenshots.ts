/**
 * `npm run screenshots`: makes `docs/screenshots` new, a picture of each page in both themes, from a site that is filled
 * for it, and of the main ones on a phone, too. Not a test: nothing is compared.
 */
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { cleanUp } from '../support/processes.ts';
import { SIZES, startBrowser, type TestBrowser } from './support/browser.ts';
import { addressOf, fillSite, openEmptyAccount, type FilledSite } from './support/filled-site.ts';
import { fillPrompt, fillStudio, openKeptChat } from './support/filled-studio.ts';
import { listPages } from './support/page-list.ts';
import { siteOf } from './support/steps.ts';

const FOLDER = fileURLToPath(new URL('../../docs/screenshots/', import.meta.url));
const SIZE = { width: 1280, height: 860 };
/** Pages with more to see below. */
const HEIGHTS: Readonly<Record<string, number>> = { '/create': 1180, '/app/chat': 1400 };
const ON_PHONE = ['/app', '/app/chat', '/create', '/app/requests', '/app/keys', '/operator'];
/** Only for people without an account; it leads everybody else to another page. */
const LEADS_AWAY = '/verify-email';
/** Pages that a link opens. */
const BY_LINK = ['/invitation', '/operator-setup'];
/** Percent; text stays sharp and all of them stay below 6 MB. */
const QUALITY = 70;

const browser = await startBrowser();
if ('missing' in browser) {
  process.exitCode = 1;
} else {
  try {
    await shootAll(browser);
  } finally {
    await browser.close();
    await cleanUp();
  }
}

async function shootAll(from: TestBrowser): Promise<void> {
  mkdirSync(FOLDER, { recursive: true });
  for (const name of readdirSync(FOLDER)) if (name.endsWith('.jpg')) rmSync(join(FOLDER, name));
  const [mara, olga, guest] = [await from.open(), await from.open(), await from.open()];
  const site = await fillSite(mara.page);
  await openEmptyAccount(olga.page, site);
  await fillStudio(mara.page, siteOf(site.gateway));
  for (const { path, who } of listPages().filter(({ path: one }) => one !== LEADS_AWAY)) {
    await shoot(who === 'anyone' ? guest.page : mara.page, site, { path, name: nameOf(path) });
  }
  await shoot(olga.page, site, { path: '/app', name: 'app-first-steps' });
  for (const path of ON_PHONE)
    await shoot(mara.page, site, { path, name: `${nameOf(path)}-phone`, isPhone: true });
  await site.close();
  const names = readdirSync(FOLDER);
  const bytes = names.reduce((sum, name) => sum + statSync(join(FOLDER, name)).size, 0);
  process.stdout.write(`${names.length} files, ${(bytes / 1e6).toFixed(1)} MB in docs/screenshots\n`);
}

type Shot = { path: string; name: string; isPhone?: boolean };

async function shoot(page: Page, site: FilledSite, { path, name, isPhone = false }: Shot): Promise<void> {
  const size = isPhone ? SIZES.phone : { ...SIZE, height: HEIGHTS[path] ?? SIZE.height };
  await page.setViewportSize(size);
  await page.goto(addressOf(site, path) + (BY_LINK.includes(path) ? '?token=of-the-link' : ''));
  await page.locator('h1').first().waitFor();
  await page.getByLabel('Loading').first().waitFor({ state: 'detached' });
  if (path === '/app/chat') await openKeptChat(page);
  if (path === '/create') await fillPrompt(page);
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.screenshot({
      path: join(FOLDER, `${name}-${colorScheme}.jpg`),
      type: 'jpeg',
      quality: QUALITY,
      animations: 'disabled',
    });
  }
}

/** `/operator/nodes/:node` is `operator-nodes-node`, `/` is `start`. */
function nameOf(path: string): string {
  return path === '/' ? 'start' : path.slice(1).replaceAll('/:', '-').replaceAll('/', '-');
}
