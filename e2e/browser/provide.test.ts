import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it, type TestContext } from 'vitest';
import { DEMO_CONFIG } from '../support/configs.ts';
import { startGateway, type Gateway } from '../support/gateway.ts';
import { cleanUp, start, temporaryFolder } from '../support/processes.ts';
import { startBrowser, type TestBrowser } from './support/browser.ts';
import { chat, createKey, signUp, visit } from './support/steps.ts';

/** Machines of a person: a private one with a deployment, and one in a pool that earns. */

const CONNECTOR = fileURLToPath(new URL('../../packages/connector/src/main.ts', import.meta.url));
const CONFIG = DEMO_CONFIG.replace('- id: demo\n', '- id: demo\n    node_share_bps: 6500\n');
/** What the person adds to the line of the page: the engine, which is the built-in one here. */
const ENGINE = ['--engine', 'demo', '--model', 'mote-chat=mote-chat', '--no-bench', '--json'];

let browser: TestBrowser | { missing: string };
let gateway: Gateway;
let page: Page;
let complaints: string[];

beforeAll(async () => {
  browser = await startBrowser();
  if ('missing' in browser) return;
  gateway = await startGateway({ config: CONFIG });
  ({ page, complaints } = await browser.open());
  await signUp(page, gateway, 'Olga');
});
afterAll(async () => {
  if (browser !== undefined && !('missing' in browser)) await browser.close();
  await cleanUp();
});

function needBrowser(context: TestContext): void {
  if ('missing' in browser) context.skip(browser.missing);
}

it('connects a private machine with the line that the page shows, and calls its deployment', async (context) => {
  needBrowser(context);
  const dialog = await addNode('attic', 'Only this account');
  await dialog.getByText('Waiting for the machine to connect …').waitFor();
  connect(await dialog.getByRole('group', { name: 'Shell' }).innerText());
  // Nobody touches the page: it sees the first heartbeat.
  await dialog.getByText('It is connected with demo 1 and serves mote-chat.').waitFor();
  await dialog.getByRole('button', { name: 'I saved it' }).click();
  await page.getByRole('row', { name: /attic ready only this account/ }).waitFor();

  await visit(page, 'Deployments');
  await page.getByRole('button', { name: 'Add a deployment' }).first().click();
  const form = page.getByRole('dialog', { name: 'Add a deployment' });
  await form.getByLabel('Name').fill('home');
  await form.getByLabel('Model on the node').fill('mote-chat');
  await form.getByLabel('attic').check();
  await form.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('row', { name: /home available mote-chat attic/ }).waitFor();

  const { shown, secret } = await createKey(page, 'laptop');
  await shown.getByRole('button', { name: 'I saved it' }).click();
  const reply = await chat(gateway, secret, 'home');
  expect([reply.status, await reply.json()]).toMatchObject([200, { model: 'home', usage: { cost: 0 } }]);
  await visit(page, 'Requests');
  await page.getByRole('row', { name: /home.*length reached/ }).waitFor();
});

it('shows the owner of a machine in a pool what it earned when others paid', async (context) => {
  needBrowser(context);
  const dialog = await addNode('cellar', 'A pool, and earns');
  connect(await dialog.getByRole('group', { name: 'Shell' }).innerText());
  await dialog.getByText('It is connected with demo').waitFor();
  await dialog.getByRole('button', { name: 'I saved it' }).click();
  const payer = await gateway.customer('1');
  expect((await chat(gateway, payer.key)).status).toBe(200);

  await visit(page, 'Earnings');
  await page.getByRole('row', { name: /1 \$0\.052/ }).waitFor();
  await page.getByLabel('Group').selectOption({ label: 'By node' });
  await page.getByRole('row', { name: /cellar 1 \$0\.052/ }).waitFor();
  await visit(page, 'Nodes');
  await page.getByRole('link', { name: 'cellar' }).click();
  await page.getByRole('row', { name: /mote-chat 0 of/ }).waitFor();
  await page.getByRole('button', { name: 'Drain' }).click();
  await page.getByText('It ends what runs and takes nothing new until it is resumed.').waitFor();
  expect((await chat(gateway, payer.key)).status).toBe(503);
  await page.getByRole('button', { name: 'Resume' }).click();
  await page.getByRole('button', { name: 'Drain' }).waitFor();
  expect(complaints).toEqual([]);
});

/** Adds a node on its page. Resolves with the dialog that shows the line and waits. */
async function addNode(name: string, serves: string) {
  await visit(page, 'Nodes');
  await page.getByRole('button', { name: 'Add a node' }).first().click();
  const form = page.getByRole('dialog', { name: 'Add a node' });
  await form.getByLabel('Name').fill(name);
  await form.getByLabel('It serves').selectOption({ label: serves });
  if (serves.includes('pool')) await form.getByLabel('Pool').fill('demo');
  await form.getByRole('button', { name: 'Add', exact: true }).click();
  return page.getByRole('dialog', { name: `Connect “${name}”` });
}

/** Does what the line says, in an empty folder, with the program of this checkout in place of the installed one. */
function connect(line: string): void {
  const [keep = '', words] = line.split(' && npx switchyard connect ');
  if (words === undefined) throw new Error(`this is no line to connect with: ${line}`);
  const cwd = temporaryFolder();
  execFileSync('sh', ['-c', keep], { cwd });
  start([CONNECTOR, ...words.trim().split(' '), ...ENGINE], { cwd });
}
