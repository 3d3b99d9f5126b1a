import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it, type TestContext } from 'vitest';
import { startEngineConnector } from '../support/engine-connector.ts';
import { startGateway, type Gateway } from '../support/gateway.ts';
import { startHeldEngine, type HeldEngine } from '../support/held-engine.ts';
import { moveClock } from '../support/movable-clock.ts';
import { cleanUp, type Child } from '../support/processes.ts';
import { startBrowser, type TestBrowser } from './support/browser.ts';
import { accountOf, askAs, fillSignUp, heading, PASSWORD, signUp, siteOf, visit } from './support/steps.ts';

/** What an operator changes in the browser while requests run: a price, and whether a node may work. */

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const CONFIG = `
brand: { name: Test, key_prefix: test }
trust: { canaries: false }
accounts: { welcome_usd: 0 }
pools:
  farm: {}
models:
  - id: slow
    context_tokens: 8192
    max_output_tokens: 1024
    price: { per_million_usd: { input: 1, output: 4 } }
    routes: [{ pool: farm }]
`;
type Price = { input: number; output: number };
const OLD: Price = { input: 1, output: 4 };
const NEW: Price = { input: 3, output: 20 };

type Window = Awaited<ReturnType<TestBrowser['open']>>;
let browser: TestBrowser | { missing: string };
let gateway: Gateway;
let engine: HeldEngine;
let connector: Child;
/** Who runs the site, and who owns the node. */
let operator: Window;
let olga: Window;
let node: { id: string; token: string };
let client: { accountId: string; key: string };

beforeAll(async () => {
  browser = await startBrowser();
  if ('missing' in browser) return;
  engine = await startHeldEngine();
  // Requests of now are of yesterday when the clock goes on by a day. Midnight shall not come between.
  const untilMidnightMs = DAY_MS - (Date.now() % DAY_MS);
  const clockAheadMs = untilMidnightMs < 10 * MINUTE_MS ? 15 * MINUTE_MS - DAY_MS : -DAY_MS;
  gateway = await startGateway({ config: CONFIG, hasMovableClock: true, clockAheadMs });
  client = await gateway.customer('5');
  olga = await browser.open();
  await signUp(olga.page, gateway, 'Olga');
  const path = `/api/console/accounts/${await accountOf(olga.page)}/nodes`;
  const added = await askAs(olga.page, 'POST', path, { name: 'barn', kind: 'shared', pool: 'farm' });
  const made = added.body as { node: { id: string }; token: string };
  node = { id: made.node.id, token: made.token };
  connector = await connect();
  operator = await browser.open();
});
afterAll(async () => {
  if (browser !== undefined && !('missing' in browser)) await browser.close();
  await engine?.close();
  await cleanUp();
});

function needBrowser(context: TestContext): void {
  if ('missing' in browser) context.skip(browser.missing);
}

const connect = () =>
  startEngineConnector(gateway, node.token, { baseUrl: engine.baseUrl, model: 'slow', slots: 4 });

it('shows what a price would have made of real requests, and charges it from its time on', async (context) => {
  needBrowser(context);
  const usages: Usage[] = [];
  for (const words of [3, 40, 500]) {
    const running = await begin('word '.repeat(words));
    usages.push((await running.letGo()).usage);
  }
  expect(usages.map(({ micros }) => micros)).toEqual(usages.map((usage) => costOf(usage, OLD)));

  await moveClock(gateway, DAY_MS);
  const { link } = (await gateway.cli('operator', 'link')) as { link: string };
  const { page } = operator;
  await page.goto(link);
  await fillSignUp(page, 'Otto');
  await heading(page, 'Overview');
  await page.goto(`${siteOf(gateway)}/operator/models/slow`);
  await page.getByLabel('Input', { exact: true }).fill(String(NEW.input));
  await page.getByLabel('Output', { exact: true }).fill(String(NEW.output));
  // Fields for times have whole minutes.
  const fromMs = Math.ceil(Date.now() / MINUTE_MS) * MINUTE_MS + 60 * MINUTE_MS;
  await page.getByLabel('In force from').fill(await localTime(page, fromMs));
  await page.getByRole('button', { name: 'Preview the change' }).click();
  const dialog = page.getByRole('dialog', { name: 'Set the price of “slow”' });
  const [before, after] = [sum(usages, OLD), sum(usages, NEW)];
  const share = (((after - before) / before) * 100).toLocaleString('en-US', { maximumFractionDigits: 1 });
  await dialog.getByText('(UTC) for 3 requests').waitFor();
  const shown = (await dialog.locator('dl').last().innerText()).replaceAll(/\s+/g, ' ');
  expect(shown).toContain(`for 3 requests ${usd(before)} The same at the new price ${usd(after)}`);
  expect(shown).toContain(`Difference +${usd(after - before)} (+${share} %)`);
  await dialog.getByRole('button', { name: 'Set the price' }).click();
  await dialog.waitFor({ state: 'detached' });
  await page.getByRole('row', { name: /planned this page/ }).waitFor();

  // One runs when the price changes, another begins after it.
  const early = await begin('word '.repeat(100));
  await moveClock(gateway, 90 * MINUTE_MS);
  const late = await begin('word '.repeat(100));
  const ended = [(await early.letGo()).usage, (await late.end()).usage] as const;
  expect(ended.map(({ micros }) => micros)).toEqual([costOf(ended[0], OLD), costOf(ended[1], NEW)]);
  expect(ended[1].micros).toBeGreaterThan(ended[0].micros * 2);
  expect(await spentMicros()).toBe([...usages, ...ended].reduce((all, { micros }) => all + micros, 0));
  expect(operator.complaints).toEqual([]);
});

it('bans a node in the middle of a job: the client is told, the owner sees it, and it works no more until the pardon', async (context) => {
  needBrowser(context);
  const { page } = operator;
  await visit(olga.page, 'Nodes');
  const row = (state: string) => olga.page.getByRole('row', { name: new RegExp(`^barn ${state}`) });
  await row('ready').waitFor();
  const spentBefore = await spentMicros();
  const running = await begin('Hello');

  await page.goto(`${siteOf(gateway)}/operator/nodes/${node.id}`);
  await page.getByRole('button', { name: 'Ban', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'Ban the node “barn”' });
  await dialog.getByLabel('Reason').fill('It resold answers.');
  await dialog.getByRole('button', { name: 'Ban the node' }).click();
  await againWithPassword(page);
  await dialog.waitFor({ state: 'detached' });

  const broken = await running.end();
  expect(broken.text).toContain('"code":"answer_interrupted"');
  expect(broken.text).not.toContain('[DONE]');
  expect(broken.text).not.toContain('barn');
  await connector.line((line) => (line.includes('It resold answers.') ? true : undefined));

  // Nobody touches the owner's page.
  await row('banned').waitFor();
  await olga.page.getByRole('link', { name: 'barn' }).click();
  await olga.page.getByText('The operator banned it. (It resold answers.)').waitFor();
  const refused = await ask('Hello');
  expect([refused.status, ((await refused.json()) as Refusal).error.code]).toEqual([
    503,
    'server_is_overloaded',
  ]);
  expect(engine.held()).toBe(0);
  expect(await spentMicros()).toBe(spentBefore);

  await page.getByRole('button', { name: 'Pardon' }).click();
  const pardon = page.getByRole('dialog', { name: 'Pardon the node “barn”' });
  await pardon.getByLabel('Reason').fill('It was a mistake.');
  await pardon.getByRole('button', { name: 'Pardon the node' }).click();
  await pardon.waitFor({ state: 'detached' });
  await olga.page.getByText('No connector is connected with its token.').waitFor();
  // It would come back by itself, but not in seconds.
  await connector.stop();
  connector = await connect();
  await olga.page.getByText('It is connected and takes jobs.').waitFor();
  const again = await begin('Hello');
  expect((await again.letGo()).usage.micros).toBeGreaterThan(0);
  expect([...operator.complaints, ...olga.complaints]).toEqual([]);
});

type Refusal = { error: { code: string } };
type Usage = { input: number; output: number; micros: number };

const costOf = ({ input, output }: Usage, price: Price): number =>
  input * price.input + output * price.output;
const sum = (usages: readonly Usage[], price: Price): number =>
  usages.reduce((all, usage) => all + costOf(usage, price), 0);
/** `$0.000325`: at least two digits after the point. */
const usd = (micros: number): string => `$${(micros / 1e6).toFixed(6).replace(/0{1,4}$/, '')}`;

function ask(content: string): Promise<Response> {
  return fetch(`${gateway.baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${client.key}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'slow',
      stream: true,
      stream_options: { include_usage: true },
      messages: [{ role: 'user', content }],
    }),
  });
}

/** Begins an answer. Resolves when its first word is there. */
async function begin(content: string) {
  const reply = await ask(content);
  const reader = reply.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (reader === undefined) throw new Error(`no answer: ${reply.status}`);
  let text = '';
  while (!text.includes('word')) text += (await reader.read()).value ?? '';
  async function end(): Promise<{ text: string; usage: Usage }> {
    for (;;) {
      // After an error the gateway cuts the connection.
      const piece = await reader?.read().catch(() => undefined);
      if (piece?.value === undefined) return { text, usage: usageOf(text) };
      text += piece.value;
    }
  }
  return {
    end,
    /** Ends it and all others that run. */
    letGo() {
      engine.letGo();
      return end();
    },
  };
}

/** Of the chunk that has it: the last before the end. */
function usageOf(text: string): Usage {
  const chunk = text.split('\n\n').findLast((event) => event.includes('"usage":{')) ?? 'data: {}';
  const { usage = {} } = JSON.parse(chunk.slice('data: '.length)) as { usage?: Record<string, number> };
  const { prompt_tokens: input = 0, completion_tokens: output = 0, cost = 0 } = usage;
  return { input, output, micros: Math.round(cost * 1e6) };
}

async function spentMicros(): Promise<number> {
  const told = await gateway.cli('credit', 'balance', client.accountId);
  return (told as { balance: { spent: { micros: number } } }).balance.spent.micros;
}

/** As the field for date and time of the page takes it. */
async function localTime(page: Page, atMs: number): Promise<string> {
  return page.evaluate(
    `new Date(${atMs} - new Date(${atMs}).getTimezoneOffset() * 60000).toISOString().slice(0, 16)`,
  );
}

/** The clock went on by more than the ten minutes of a fresh sign-in. */
async function againWithPassword(page: Page): Promise<void> {
  const dialog = page.getByRole('dialog', { name: 'Sign in again' });
  await dialog.getByLabel(/^Password of/).fill(PASSWORD);
  await dialog.getByRole('button', { name: 'Go on' }).click();
  await dialog.waitFor({ state: 'detached' });
}
