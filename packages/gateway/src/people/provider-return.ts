import type { Clock } from '../core/clock.ts';
import { returnProblem } from './better-auth/answers.ts';
import type { AuthAnswer } from './gate.ts';

/** How long a provider may take to answer for a person who came back from it. */
export const RETURN_TIMEOUT_MS = 20_000;

type ReturnDeps = { clock: Clock; siteUrl(): string };

/**
 * What a browser gets that a provider has sent back: always a page of this site. After a sign-in the page that was wanted;
 * the page for the code, where a second factor is on; else the sign-in page with one of few words in `error`.
 */
export async function providerReturn(deps: ReturnDeps, asked: Promise<Response>): Promise<AuthAnswer> {
  const response = await within(deps.clock, asked);
  if (response === undefined) return leadTo(signInPage(deps, 'sign_in_failed'));
  const location = response.headers.get('location') ?? '';
  const cookies = response.headers.getSetCookie();
  if ((await response.text()).includes('"twoFactorRedirect":true')) {
    const next = new URL(location, deps.siteUrl());
    const page = new URL('/sign-in/second-factor', deps.siteUrl());
    page.searchParams.set('next', `${next.pathname}${next.search}`);
    return leadTo(page, cookies);
  }
  if (response.status !== 302 || !URL.canParse(location, deps.siteUrl())) {
    return leadTo(signInPage(deps, 'sign_in_failed'), cookies);
  }
  const wanted = new URL(location, deps.siteUrl());
  const error = wanted.searchParams.get('error');
  return leadTo(error === null ? wanted : signInPage(deps, returnProblem(error)), cookies);
}

/** Undefined: it took too long, or failed. Whatever comes later is dropped, and with it its session's cookie. */
async function within(clock: Clock, asked: Promise<Response>): Promise<Response | undefined> {
  const { promise: late, resolve } = Promise.withResolvers<undefined>();
  const timer = clock.after(RETURN_TIMEOUT_MS, () => resolve(undefined));
  try {
    return await Promise.race([asked.catch(() => undefined), late]);
  } finally {
    timer.cancel();
  }
}

function signInPage({ siteUrl }: ReturnDeps, problem: string): URL {
  const page = new URL('/sign-in', siteUrl());
  page.searchParams.set('error', problem);
  return page;
}

function leadTo({ href }: URL, cookies: readonly string[] = []): AuthAnswer {
  return { status: 302, location: href, cookies, body: '' };
}
