import type { BetterAuthPlugin } from 'better-auth';
import { APIError, createAuthMiddleware, getSessionFromCtx, isAPIError } from 'better-auth/api';
import type { UsedCodes } from '../used-codes.ts';
import { TOTP_PATH } from './paths.ts';

/** Of the half sign-in, by the two-factor plugin of better-auth 1.7.6, read 2026-11-22. */
const HALF_SIGN_IN_COOKIE = 'two_factor';

type Use = { personId: string; code: string };
type Context = Parameters<Parameters<typeof createAuthMiddleware>[0]>[0];

/**
 * A code of an authenticator app counts once; the library takes it for as long as it is right. A code that was used is
 * refused before the library sees it, which would use up the half sign-in. Error: `CODE_USED`.
 */
export function codesOnce(usedCodes: UsedCodes): BetterAuthPlugin {
  const matcher = (context: { path?: string | undefined }) => context.path === TOTP_PATH;
  /** What each request has noted. Afterwards nobody can tell whose it was: a half sign-in may be used up. */
  const uses = new WeakMap<Request, Use>();
  return {
    id: 'codes-once',
    hooks: {
      before: [
        {
          matcher,
          handler: createAuthMiddleware(async (context) => {
            const use = await useIn(context);
            if (use === undefined) return;
            if (!usedCodes.use(use.personId, use.code))
              throw new APIError('UNAUTHORIZED', { code: 'CODE_USED' });
            if (context.request !== undefined) uses.set(context.request, use);
          }),
        },
      ],
      after: [
        {
          matcher,
          // Noted before, so that of two requests at once one is refused. A wrong code may be the right one in a moment.
          handler: createAuthMiddleware(async (context) => {
            const use = context.request === undefined ? undefined : uses.get(context.request);
            if (use !== undefined && isAPIError(context.context.returned)) {
              usedCodes.forget(use.personId, use.code);
            }
          }),
        },
      ],
    },
  };
}

async function useIn(context: Context): Promise<Use | undefined> {
  const personId = await personIdIn(context);
  const code: unknown = context.body?.code;
  return personId === undefined || typeof code !== 'string' ? undefined : { personId, code };
}

/** Who has a session, or the first half of one. */
async function personIdIn(context: Context): Promise<string | undefined> {
  const session = await getSessionFromCtx(context);
  if (session !== null) return session.user.id;
  const { createAuthCookie, secret, internalAdapter } = context.context;
  const half = await context.getSignedCookie(createAuthCookie(HALF_SIGN_IN_COOKIE).name, secret);
  if (typeof half !== 'string') return undefined;
  return (await internalAdapter.findVerificationValue(half))?.value;
}
