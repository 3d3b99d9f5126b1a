import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { IMAGE_CONFIG } from '../support/configs.ts';
import type { ModelsAnswer } from '../../packages/protocol/src/console/models.ts';
import { startGateway, startImageConnector, type Gateway } from '../support/gateway.ts';
import { cleanUp } from '../support/processes.ts';
import { startProvider, type Provider } from '../support/provider/server.ts';
import { startBrowser, type TestBrowser } from './support/browser.ts';
import { balanceOf, signUpWithMoney } from './support/person.ts';
import { askAs, heading, siteOf } from './support/steps.ts';

/** The gateway dies under open pages and comes back: what they say meanwhile, of money above all, and what they do. */

let browser: TestBrowser | { missing: string };
let gateway: Gateway;
let provider: Provider;
let config: string;

beforeAll(async () => {
  browser = await startBrowser();
  if ('missing' in browser) return;
  provider = await startProvider();
  config = `${IMAGE_CONFIG}
  - id: resold
    context_tokens: 200000
    max_output_tokens: 1024
    price: { credits: 8 }
    routes: [{ upstream: provider, model: provider-model }]
upstreams:
  provider:
    kind: openai-compatible
    base_url: http://127.0.0.1:${provider.port}/v1
    allow_private_addresses: true
`;
  gateway = await startGateway({ config });
  await startImageConnector(gateway, (await gateway.node('demo')).token);
});
afterAll(async () => {
  if (browser !== undefined && !('missing' in browser)) await browser.close();
  await provider?.close();
  await cleanUp();
});

const stale = (page: Page) => page.getByText(/^Not fresh, as of \d\d:\d\d/);

it('says what happened when the gateway dies, and goes on by itself when it is back', async (context) => {
  if ('missing' in browser) return context.skip(browser.missing);
  const { page: create, context: window, complaints } = await browser.open();
  const { accountId } = await signUpWithMoney(create, gateway, { usd: '5', path: '/create' });
  const chat = await window.newPage();
  await chat.goto(`${siteOf(gateway)}/app/chat`);
  await chat.getByLabel('Model', { exact: true }).selectOption('resold');
  await chat.getByLabel('Message', { exact: true }).fill('forever');
  await chat.getByLabel('Message', { exact: true }).press('Enter');
  await chat.getByText(/and on and on/).waitFor();
  // What a proxy in front answers when there is nobody behind it; the other page finds nobody at all.
  await create.route('**/events', (route) => route.fulfill({ status: 502, body: 'Bad Gateway' }));
  await create.getByLabel('Prompt').fill('a tree');
  await create.getByRole('button', { name: 'Generate, 18 credits' }).click();
  await create.getByText(/^Step \d+ of 32$/).waitFor();
  expect((await balanceOf(create, accountId)).held).toBe(180_000 + 80_000);

  const { port, dataDir } = gateway;
  await gateway.child.stop('SIGKILL');
  await chat
    .getByText('The connection was lost. What was written until then may have been charged.')
    .waitFor();
  await create
    .getByText('The connection was lost. If the picture was not finished, nothing was charged.')
    .waitFor();
  for (const page of [chat, create]) await stale(page).waitFor();
  // Asking now is refused in words, and a page that was not loaded before can be loaded again later.
  await create.getByRole('button', { name: 'Try again' }).click();
  await create.getByText('The connection was lost.').waitFor();
  await chat.getByRole('link', { name: 'API keys' }).click();
  await chat.getByText('This page could not be shown. The server cannot be reached').waitFor();

  gateway = await startGateway({ config, dataDir, port });
  await create.unroute('**/events');
  for (const page of [chat, create]) await stale(page).waitFor({ state: 'detached' });
  await chat.getByRole('button', { name: 'Load again' }).click();
  await heading(chat, 'API keys');
  // Both broke off by the gateway's fault.
  await expect.poll(() => balanceOf(create, accountId)).toEqual({ available: 5_000_000, held: 0 });
  await expect.poll(() => picturesAvailable(create), { timeout: 60_000 }).toBe(true);
  await create.getByRole('button', { name: 'Try again' }).click();
  await create
    .getByRole('list', { name: 'Pictures' })
    .getByRole('button')
    .first()
    .waitFor({ timeout: 90_000 });
  expect(await balanceOf(create, accountId)).toEqual({ available: 5_000_000 - 180_000, held: 0 });
  expect(complaints).toEqual([]);
});

/** Whether the node of the pictures has come back, too. */
async function picturesAvailable(page: Page): Promise<boolean> {
  const { models } = (await askAs(page, 'GET', '/api/console/models')).body as ModelsAnswer;
  return models.some(({ kind, available }) => kind === 'image' && available);
}
