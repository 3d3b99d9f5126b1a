import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it, type TestContext } from 'vitest';
import { DEMO_CONFIG } from '../support/configs.ts';
import { startGateway, type Gateway } from '../support/gateway.ts';
import { cleanUp } from '../support/processes.ts';
import { startBrowser, type TestBrowser } from './support/browser.ts';
import { accountOf, askAs, heading, signOut, signUp, siteOf } from './support/steps.ts';

/** What a script, a foreign page and somebody at a shared machine cannot do. */

let browser: TestBrowser | { missing: string };
let gateway: Gateway;
let foreign: Server;
let foreignSite: string;

beforeAll(async () => {
  browser = await startBrowser();
  if ('missing' in browser) return;
  gateway = await startGateway({ config: DEMO_CONFIG });
  foreign = createServer((_request, reply) =>
    reply.setHeader('content-type', 'text/html').end('<p>foreign</p>'),
  );
  foreign.listen(0, '127.0.0.1');
  await once(foreign, 'listening');
  const address = foreign.address();
  // To a browser another site than `localhost`, though both are this machine.
  foreignSite = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
});
afterAll(async () => {
  if (browser !== undefined && !('missing' in browser)) await browser.close();
  foreign?.close();
  await cleanUp();
});

function needBrowser(context: TestContext): TestBrowser {
  return 'missing' in browser ? context.skip(browser.missing) : browser;
}

const ran = (page: Page) => page.evaluate<unknown>('window.stranger');

it('runs no script that was put into a page, and loads nothing from elsewhere', async (context) => {
  const { page, complaints } = await needBrowser(context).open();
  const reply = await page.goto(`${siteOf(gateway)}/sign-in`);
  const policy = reply?.headers()['content-security-policy'] ?? '';
  expect(policy).toContain("script-src 'self';");
  expect(policy).not.toContain('unsafe');
  await heading(page, 'Sign in');

  await page.evaluate(`(() => {
    const script = document.createElement('script');
    script.textContent = 'window.stranger = "script"';
    document.body.append(script);
    const picture = document.createElement('div');
    picture.innerHTML = '<img src="nowhere" onerror="window.stranger = 1"><a id="bad" href="javascript:window.stranger=2">x</a>';
    document.body.append(picture);
    document.querySelector('#bad').click();
  })()`);
  await page.evaluate(`new Promise((resolve) => {
    const script = document.createElement('script');
    script.src = ${JSON.stringify(foreignSite)};
    script.onload = script.onerror = resolve;
    document.body.append(script);
  })`);
  expect(await ran(page)).toBeUndefined();
  await expect
    .poll(() => complaints.filter((line) => line.includes('Content Security Policy')).length)
    .toBeGreaterThan(3);
});

it('keeps its cookie from scripts and from requests of other sites', async (context) => {
  const { page, context: window } = await needBrowser(context).open();
  await signUp(page, gateway, 'Mara');
  const account = await accountOf(page);
  const cookies = await window.cookies();
  const session = cookies.filter(({ name }) => name.includes('session'));
  expect(session).toMatchObject([{ httpOnly: true, sameSite: 'Lax', domain: 'localhost', path: '/' }]);
  expect(await page.evaluate('document.cookie')).not.toContain('session');

  // A foreign page sends a form and a fetch; the browser gives neither the cookie, and the gateway refuses both.
  await page.goto(foreignSite);
  const keys = `${siteOf(gateway)}/api/console/accounts/${account}/keys`;
  const sent = page.waitForResponse(keys);
  await page.evaluate(`(() => {
    const form = document.createElement('form');
    form.method = 'post';
    form.enctype = 'text/plain';
    form.action = ${JSON.stringify(keys)};
    document.body.append(form);
    form.submit();
  })()`);
  expect((await sent).status()).toBe(415);
  expect((await (await sent).request().allHeaders())['cookie']).toBeUndefined();
  await page.waitForURL(keys);
  await page.goto(foreignSite);
  expect(
    await page.evaluate(
      `fetch(${JSON.stringify(keys)}, { credentials: 'include' }).then(() => 'read', () => 'kept')`,
    ),
  ).toBe('kept');

  // With the cookie, as a program would send it that has stolen nothing but the browser's obedience.
  const cookie = session.map(({ name, value }) => `${name}=${value}`).join('; ');
  const post = (headers: Record<string, string>) =>
    fetch(keys, { method: 'POST', headers: { cookie, ...headers }, body: '{"name":"mine"}' });
  for (const headers of [
    { 'content-type': 'application/json', origin: foreignSite },
    { 'content-type': 'application/json', origin: siteOf(gateway), 'sec-fetch-site': 'cross-site' },
    { 'content-type': 'application/json' },
  ]) {
    const refused = await post(headers);
    expect([refused.status, await refused.json()]).toMatchObject([
      403,
      { error: { code: 'cross_site_request' } },
    ]);
  }
  expect((await post({ 'content-type': 'text/plain', origin: siteOf(gateway) })).status).toBe(415);
  expect((await post({ 'content-type': 'application/json', origin: siteOf(gateway) })).status).toBe(200);
});

it('ends the session on every open page when one of them signs out', async (context) => {
  const { page, context: window } = await needBrowser(context).open();
  await signUp(page, gateway, 'Olga');
  const account = await accountOf(page);
  const other = await window.newPage();
  const stream = other.waitForEvent('requestfailed', (request) => request.url().endsWith('/events'));
  await other.goto(`${siteOf(gateway)}/app`);
  await heading(other, 'Dashboard');
  await signOut(page);
  // Nobody touches the other page: its stream ends, and it goes where it belongs.
  await stream;
  await heading(other, 'Sign in');
  expect((await askAs(other, 'GET', `/api/console/accounts/${account}/keys`)).status).toBe(401);
});
