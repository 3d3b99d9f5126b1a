import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi, type TestContext } from 'vitest';
import { DEMO_CONFIG } from '../support/configs.ts';
import { startDemoConnector, startGateway, type Gateway } from '../support/gateway.ts';
import { cleanUp } from '../support/processes.ts';
import { obliging, type Brain } from '../support/provider/brain.ts';
import { startProvider, type Provider } from '../support/provider/server.ts';
import { axeViolations, startBrowser, type StorageState, type TestBrowser } from './support/browser.ts';
import { databaseNames, signUpWithMoney, storedTexts } from './support/person.ts';
import { siteOf } from './support/steps.ts';

const WEATHER_TOOL = JSON.stringify([
  { name: 'get_weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } },
]);
/** The smallest PNG there is: one pixel. */
const PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

/** The demo models, and one of a provider that does what the prompt says, at a price per token. */
function chatConfig(port: number): string {
  return `${DEMO_CONFIG}
  - id: resold
    context_tokens: 200000
    max_output_tokens: 1024
    capabilities: { tools: true, vision: true, thinking: true }
    price: { per_million_usd: { input: 1, output: 10 } }
    routes: [{ upstream: provider, model: provider-model }]
upstreams:
  provider:
    kind: openai-compatible
    base_url: http://127.0.0.1:${port}/v1
    allow_private_addresses: true
`;
}

const TABLE = `So:\n\n| Town | ${Array.from({ length: 14 }, (_, at) => `Measured in week ${at}`).join(' | ')} |
|---|${'--:|'.repeat(14)}\n| Lisbon | ${'21 | '.repeat(14)}\n\n- a\n  - b\n    1. <b>c</b>`;

/** Calls the page's own calculator when it is offered, and writes a table when that is asked for. */
const reckoning: Brain = (asked) => (asked.prompt.includes('table') ? { text: TABLE } : reckon(asked));

const reckon: Brain = (asked) =>
  asked.tools.includes('calculate') && asked.results.length === 0
    ? { calls: [{ name: 'calculate', input: { expression: '6 * 7' } }] }
    : obliging(asked);

let browser: TestBrowser | { missing: string };
let gateway: Gateway;
let provider: Provider;
/** Of the person who chats in all tests; each has a window of its own, without the chats of the others. */
let cookies: StorageState;

beforeAll(async () => {
  browser = await startBrowser();
  if ('missing' in browser) return;
  provider = await startProvider(reckoning);
  gateway = await startGateway({ config: chatConfig(provider.port) });
  const { token } = await gateway.node('demo');
  await startDemoConnector(gateway, token);
  const { page, context } = await browser.open();
  await signUpWithMoney(page, gateway, { usd: '50', path: '/app' });
  cookies = await context.storageState();
  await context.close();
});
afterAll(async () => {
  if (browser !== undefined && !('missing' in browser)) await browser.close();
  await provider?.close();
  await cleanUp();
});

type Look = NonNullable<Parameters<TestBrowser['open']>[0]>;

async function openChat(context: TestContext, look?: Look) {
  const ready = 'missing' in browser ? context.skip(browser.missing) : browser;
  const { page, complaints } = await ready.open(look, cookies);
  await page.goto(`${siteOf(gateway)}/app/chat`);
  await message(page).waitFor();
  if (look?.size === 'phone') await page.getByRole('button', { name: 'Settings' }).click();
  return { page, complaints };
}

const message = (page: Page) => page.getByLabel('Message', { exact: true });
const answers = (page: Page) => page.getByRole('article', { name: /^Answer of/ });
const choose = (page: Page, label: 'Model' | 'API', value: string) =>
  page.getByLabel(label, { exact: true }).selectOption(value);

/** Sends by keyboard and waits for the answer's end; returns the last answer. */
async function say(page: Page, text: string) {
  const before = await answers(page).count();
  await message(page).fill(text);
  await message(page).press('Enter');
  await answers(page).nth(before).getByRole('button', { name: 'Ask again' }).waitFor();
  await page.getByRole('button', { name: 'Send', exact: true }).waitFor();
  return answers(page).last();
}

async function offerTools(page: Page): Promise<void> {
  await page.getByText('Tools', { exact: true }).click();
  await page.getByLabel('Your tools, as JSON').fill(WEATHER_TOOL);
}

it('shows a wide table and lists in lists, and scrolls within the answer', async (context) => {
  const { page, complaints } = await openChat(context, { theme: 'dark', size: 'phone' });
  await choose(page, 'Model', 'resold');
  const answer = await say(page, 'As a table, please.');
  const table = answer.getByRole('group', { name: 'Table' });
  await table.getByRole('columnheader', { name: 'Measured in week 13' }).waitFor();
  await answer.getByRole('listitem').getByText('<b>c</b>', { exact: true }).waitFor();
  const [inside, outside] = await Promise.all([
    page.evaluate<boolean>(
      `(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth)(document.querySelector('[aria-label=Table]'))`,
    ),
    page.evaluate<boolean>('document.documentElement.scrollWidth > innerWidth'),
  ]);
  expect([inside, outside]).toEqual([true, false]);
  await table.focus();
  expect(await axeViolations(page)).toEqual([]);
  expect(complaints).toEqual([]);
});

it('breaks a word that is wider than a phone, in what was asked and in the answer', async (context) => {
  const { page } = await openChat(context, { theme: 'light', size: 'phone' });
  await choose(page, 'Model', 'resold');
  const word = 'Donaudampfschifffahrtsgesellschaft'.repeat(4);
  await say(page, `${word}\n\n- ${word}\n\n> ${word}\n\n\`${word}\` https://example.com/${word}`);
  expect(await page.evaluate<boolean>('document.documentElement.scrollWidth > innerWidth')).toBe(false);
});

it('talks with the demo model, says what it cost, keeps it here only, and forgets it', async (context) => {
  const { page, complaints } = await openChat(context);
  await choose(page, 'Model', 'demo');
  const answer = await say(page, 'Hello!');
  await answer.getByText(/tokens in, \d+ out · \$0\.08, 8 credits/).waitFor();
  expect(await axeViolations(page)).toEqual([]);
  expect(await page.content()).not.toContain('sk-test-');

  await page.reload();
  await page.getByRole('button', { name: 'History' }).click();
  const history = page.getByRole('dialog', { name: 'Your chats' });
  await history.getByRole('button', { name: /^Hello!/ }).waitFor();
  expect(await axeViolations(page)).toEqual([]);
  await history.getByRole('button', { name: /^Hello!/ }).click();
  await answers(page).first().waitFor();

  await page.getByRole('button', { name: 'View code' }).click();
  const code = page.getByRole('dialog', { name: 'This request as code' });
  await code.getByText('Bearer $API_KEY').waitFor();
  expect(await axeViolations(page)).toEqual([]);
  await page.keyboard.press('Escape');

  await page.getByRole('button', { name: 'History' }).click();
  await history.getByRole('button', { name: 'Clear' }).click();
  await history.getByRole('button', { name: 'Delete all' }).click();
  await vi.waitFor(async () => expect(await databaseNames(page)).toEqual([]));
  expect(await answers(page).count()).toBe(0);
  expect(await storedTexts(page)).toEqual({ local: {}, session: {} });
  expect(complaints).toEqual([]);
});

describe.each(['chat', 'messages', 'responses'])('over %s', (api) => {
  it('calls a tool of the person, and one of the page', async (context) => {
    const { page } = await openChat(context);
    await choose(page, 'Model', 'resold');
    await choose(page, 'API', api);
    await offerTools(page);
    const call = await say(page, 'What is the weather in Lisbon?');
    await call.getByText('"city": "Lisbon"').waitFor();
    await call.getByLabel('Result of get_weather').fill('sunny');
    await call.getByRole('button', { name: 'Send the results' }).click();
    await page.getByText('The tool said: sunny.').waitFor();

    await page.getByRole('switch', { name: /Clock and calculator/ }).click();
    await say(page, 'How much is it?');
    await page.getByText('The tool said: 42.').waitFor();
    expect(await axeViolations(page)).toEqual([]);
  });

  it('shows a picture to the model, and its thinking folded', async (context) => {
    const { page } = await openChat(context);
    await choose(page, 'Model', 'resold');
    await choose(page, 'API', api);
    await page
      .getByLabel('Pictures', { exact: true })
      .setInputFiles([{ name: 'pixel.png', mimeType: 'image/png', buffer: PIXEL }]);
    await page.getByRole('img', { name: 'Attached, 1' }).waitFor();
    const seen = await say(page, 'Look');
    await seen.getByText(`I see image/png of ${PIXEL.length} bytes.`).waitFor();

    const thought = await say(page, 'think');
    await thought.getByText('Then I answer.').waitFor();
    await thought.getByText('Thinking', { exact: true }).click();
    await thought.getByText('First I think.').waitFor();
  });

  it('stops, says what failed, asks again and edits', async (context) => {
    const { page } = await openChat(context);
    await choose(page, 'Model', 'resold');
    await choose(page, 'API', api);
    const leftBefore = provider.left();
    await message(page).fill('forever');
    await message(page).press('Enter');
    await page.getByText(/and on and on/).waitFor();
    await message(page).fill('kept');
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByText('What was written until then may have been charged.').waitFor();
    await vi.waitFor(() => expect(provider.left()).toBe(leftBefore + 1));
    // What was written meanwhile is not sent by it.
    expect(await message(page).inputValue()).toBe('kept');

    const broken = await say(page, 'break off');
    await broken.getByRole('alert').waitFor();

    const first = await say(page, 'one');
    await first.getByRole('button', { name: 'Ask again' }).click();
    await answers(page).last().getByText('You said: one').waitFor();
    const mine = page.getByRole('article', { name: 'Your message' }).last();
    await mine.getByRole('button', { name: 'Edit' }).click();
    await mine.getByLabel('Your message').fill('two');
    await mine.getByRole('button', { name: 'Send' }).click();
    await answers(page).last().getByText('You said: two').waitFor();
    expect(await page.getByText('You said: one').count()).toBe(0);
  });
});

it('keeps what is set while an answer comes, for the next one', async (context) => {
  const { page } = await openChat(context);
  await choose(page, 'Model', 'resold');
  await message(page).fill('forever');
  await message(page).press('Enter');
  await page.getByText(/and on and on/).waitFor();
  await page.getByLabel('System prompt').fill('Be brief.');
  await page.getByRole('button', { name: 'Stop' }).click();
  await page.getByText('What was written until then may have been charged.').waitFor();
  expect(await page.getByLabel('System prompt').inputValue()).toBe('Be brief.');
  const asked = page.waitForRequest('**/v1/chat/completions');
  await say(page, 'one');
  expect((await asked).postData()).toContain('Be brief.');
});

it('keeps what is written while a picture is read', async (context) => {
  const { page } = await openChat(context);
  await choose(page, 'Model', 'resold');
  // A large file takes its time.
  await page.evaluate(`{
    const read = FileReader.prototype.readAsDataURL;
    FileReader.prototype.readAsDataURL = function (file) { window.readNow = () => read.call(this, file); };
  }`);
  const file = { name: 'pixel.png', mimeType: 'image/png', buffer: PIXEL };
  await page.getByLabel('Pictures', { exact: true }).setInputFiles(file);
  await page.waitForFunction('window.readNow !== undefined');
  await message(page).fill('What is this?');
  await page.evaluate('window.readNow()');
  await page.getByRole('img', { name: 'Attached, 1' }).waitFor();
  expect(await message(page).inputValue()).toBe('What is this?');
});

it('offers more credit where that helps, and not for a limit of spending', async (context) => {
  const { page } = await openChat(context);
  const error = { code: 'insufficient_credits', message: 'The limit of this member is reached.' };
  await page.route('**/v1/chat/completions', (route) => route.fulfill({ status: 402, json: { error } }));
  const addCredit = (await say(page, 'one')).getByRole('link', { name: 'Add credit' });
  expect(await addCredit.count()).toBe(1);
  error.code = 'spend_limit_reached';
  const limited = await say(page, 'two');
  await limited.getByText(error.message).waitFor();
  expect(await limited.getByRole('link', { name: 'Add credit' }).count()).toBe(0);
});

it('shows an answer as text, whatever it holds', async (context) => {
  const { page, complaints } = await openChat(context);
  await choose(page, 'Model', 'resold');
  const answer = await say(
    page,
    '<img src="/nothing" onerror="alert(1)"> **bold** [a](javascript:alert(1)) [b](https://example.com/x) ![c](https://example.com/c.png)',
  );
  await answer.getByText('<img src="/nothing" onerror="alert(1)">', { exact: false }).waitFor();
  expect(await answer.locator('strong').textContent()).toBe('bold');
  expect(await answer.locator('img').count()).toBe(0);
  const links = await answer
    .locator('a')
    .evaluateAll((all) => all.map((link) => `${link.getAttribute('href')} ${link.getAttribute('rel')}`));
  expect(links).toEqual([
    'https://example.com/x noreferrer noopener nofollow',
    'https://example.com/c.png noreferrer noopener nofollow',
  ]);
  expect(complaints).toEqual([]);
});

it('shows what a long request can cost before it is sent', async (context) => {
  const { page } = await openChat(context);
  await choose(page, 'Model', 'resold');
  const before = provider.asked.length;
  await message(page).fill(`count ${'a b '.repeat(7_000)}`);
  await message(page).press('Enter');
  const dialog = page.getByRole('dialog', { name: 'This is a long request' });
  await dialog.getByText(/\$0\.\d+ \([\d.]+ credits\)/).waitFor();
  await dialog.getByRole('button', { name: 'Do not send' }).click();
  expect(provider.asked.length).toBe(before);
  await message(page).press('Enter');
  await dialog.getByRole('button', { name: 'Send', exact: true }).click();
  await answers(page).first().getByRole('button', { name: 'Ask again' }).waitFor();
  expect(provider.asked.length).toBe(before + 1);

  // An edit that is not sent is not lost.
  const mine = page.getByRole('article', { name: 'Your message' });
  await mine.getByRole('button', { name: 'Edit' }).click();
  const longer = 'c d '.repeat(12_000);
  await mine.getByLabel('Your message').fill(longer);
  await mine.getByRole('button', { name: 'Send' }).click();
  await dialog.getByRole('button', { name: 'Do not send' }).click();
  expect(await mine.getByLabel('Your message').inputValue()).toBe(longer);
  await mine.getByRole('button', { name: 'Send' }).click();
  await dialog.getByRole('button', { name: 'Send', exact: true }).click();
  await mine.getByRole('button', { name: 'Edit' }).waitFor();
});

it('can be used by everyone on a phone in the dark', async (context) => {
  const { page, complaints } = await openChat(context, { theme: 'dark', size: 'phone' });
  await choose(page, 'Model', 'resold');
  await page.getByText('Parameters').click();
  await offerTools(page);
  expect(await axeViolations(page)).toEqual([]);
  await say(page, 'What is the weather in Lisbon?');
  await say(page, 'break off');
  expect(await axeViolations(page)).toEqual([]);
  expect(complaints).toEqual([]);
});

it('keeps what was written for who looks elsewhere and comes back', async (context) => {
  const { page } = await openChat(context);
  await message(page).fill('Half a thought');
  await page.getByRole('link', { name: 'Billing' }).first().click();
  await page.getByRole('heading', { name: 'Billing', level: 1 }).waitFor();
  await page.goBack();
  await message(page).waitFor();
  expect(await message(page).inputValue()).toBe('Half a thought');
  expect(JSON.stringify(await storedTexts(page))).not.toContain('Half a thought');
});
