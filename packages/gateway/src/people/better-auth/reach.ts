import { request } from 'undici';
import type { OauthConfig } from '../../config/config.ts';

/** How long a provider may take to describe itself. */
const REACH_TIMEOUT_MS = 5_000;

/**
 * The providers that can be used now: those that the library knows, and those whose own description can be read. Better
 * Auth reads it once, before anything else and without a limit of time: a provider that hangs would hold up every
 * sign-in, passwords, too.
 */
export async function reachable(
  providers: readonly OauthConfig[],
  timeoutMs: number = REACH_TIMEOUT_MS,
): Promise<OauthConfig[]> {
  const answers = await Promise.all(
    providers.map(
      async ({ discoveryUrl }) =>
        discoveryUrl === undefined || (await describesItself(discoveryUrl, timeoutMs)),
    ),
  );
  return providers.filter((_provider, index) => answers[index] === true);
}

async function describesItself(discoveryUrl: string, timeoutMs: number): Promise<boolean> {
  try {
    const { statusCode, body } = await request(discoveryUrl, { signal: AbortSignal.timeout(timeoutMs) });
    const value: unknown = await body.json();
    return statusCode === 200 && typeof value === 'object' && value !== null;
  } catch {
    return false;
  }
}
