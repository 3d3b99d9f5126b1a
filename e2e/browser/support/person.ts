import type { Page } from 'playwright-core';
import type { Gateway } from '../../support/gateway.ts';

const PASSWORD = 'a long enough sentence';

/** Signs a new person up and in, in this window, and gives their account money. Leaves the page at `path`. */
export async function signUpWithMoney(
  page: Page,
  gateway: Gateway,
  { usd, path }: { usd: string; path: string },
): Promise<{ accountId: string }> {
  const site = `http://localhost:${gateway.port}`;
  await page.goto(`${site}/sign-up`);
  await page.getByLabel('Name').fill('Mara');
  await page.getByLabel('E-mail').fill(`mara-${crypto.randomUUID()}@example.com`);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign up' }).click();
  await page.getByRole('heading', { name: 'Dashboard', level: 1 }).waitFor();
  const accountId = String(
    await page.evaluate(
      "fetch('/api/console/session').then((reply) => reply.json()).then(({ accounts }) => accounts[0].id)",
    ),
  );
  await gateway.cli('credit', 'add', accountId, '--usd', usd, '--reason', 'test');
  await page.goto(site + path);
  return { accountId };
}

/** What a page could leave behind besides its databases: nothing is expected there. */
export async function storedTexts(page: Page): Promise<unknown> {
  return await page.evaluate('({ local: { ...localStorage }, session: { ...sessionStorage } })');
}

/** The names of the databases of this browser, without the person's id. */
export async function databaseNames(page: Page): Promise<string[]> {
  const names: unknown = await page.evaluate(
    "indexedDB.databases().then((all) => all.map(({ name }) => name.split(':')[0]).sort())",
  );
  return Array.isArray(names) ? names.map(String) : [];
}

/** What the account has, in µ$. */
export async function balanceOf(page: Page, accountId: string): Promise<{ available: number; held: number }> {
  const answer: unknown = await page.evaluate(
    `fetch('/api/console/accounts/${accountId}/overview').then((reply) => reply.json())
      .then(({ balance }) => [balance.available.micros, balance.held.micros])`,
  );
  const [available, held] = Array.isArray(answer) ? answer.map(Number) : [];
  return { available: available ?? Number.NaN, held: held ?? Number.NaN };
}
