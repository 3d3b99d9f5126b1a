import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  startOidcProvider,
  type OidcProvider,
} from '../packages/gateway/src/people/testing-oidc-provider.ts';
import { DEMO_CONFIG } from './support/configs.ts';
import { startGateway, type Gateway } from './support/gateway.ts';
import { cleanUp } from './support/processes.ts';

let provider: OidcProvider;
let gateway: Gateway;
let site: string;
beforeAll(async () => {
  provider = await startOidcProvider();
  const { discoveryUrl, clientId, clientSecret } = provider;
  const client = `discovery_url: ${discoveryUrl}, client_id: ${clientId}, client_secret_env: ACME_SECRET`;
  gateway = await startGateway({
    config: `${DEMO_CONFIG}\npeople: { oauth: { oidc: { acme: { ${client} } } } }\n`,
    env: { ACME_SECRET: clientSecret },
  });
  site = `http://localhost:${gateway.port}`;
});
afterAll(async () => {
  provider.close();
  await cleanUp();
});

const cookieOf = (response: Response) =>
  response.headers
    .getSetCookie()
    .map((line) => line.split(';', 1)[0])
    .join('; ');

async function signIn(): Promise<{ location: string | null; cookie: string }> {
  const begun = await fetch(`${site}/api/auth/sign-in/social`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: site, 'sec-fetch-site': 'same-origin' },
    body: JSON.stringify({ provider: 'acme', callbackURL: '/app', errorCallbackURL: '/sign-in' }),
  });
  const { url } = (await begun.json()) as { url: string };
  const away = await fetch(url, { redirect: 'manual' });
  const back = await fetch(away.headers.get('location') ?? 'none:', {
    redirect: 'manual',
    headers: { cookie: cookieOf(begun), 'sec-fetch-site': 'cross-site' },
  });
  expect(back.status).toBe(302);
  return { location: back.headers.get('location'), cookie: cookieOf(back) };
}

it('signs a person in through a provider, over HTTP, and says why it did not', async () => {
  const { location, cookie } = await signIn();
  expect(location).toBe(`${site}/app`);
  const session = await fetch(`${site}/api/console/session`, { headers: { cookie } });
  expect(await session.json()).toMatchObject({
    person: { email: 'ann@example.com', emailVerified: true },
    accounts: [{ name: 'Ann', role: 'owner' }],
    site: { methods: { oauth: ['acme'] } },
  });
  provider.fault = 'denied';
  expect((await signIn()).location).toBe(`${site}/sign-in?error=cancelled`);
  const output = gateway.child.output();
  for (const word of ['ann@example.com', 'secret-of-the-client', '555 0100'])
    expect(output).not.toContain(word);
});
