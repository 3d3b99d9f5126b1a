import { passkey } from '@better-auth/passkey';
import { betterAuth } from 'better-auth';
import { APIError } from 'better-auth/api';
import type { BetterAuthOptions } from 'better-auth';
import { genericOAuth } from 'better-auth/plugins/generic-oauth';
import { siwe } from 'better-auth/plugins/siwe';
import type { PeopleConfig } from '../../config/config.ts';
import type { Clock } from '../../core/clock.ts';
import { randomBase62 } from '../../core/ids.ts';
import { isPlaceholder } from '../email-address.ts';
import { linkTo } from '../links.ts';
import { type Mailer, writeMail } from '../mail.ts';
import { cleanName } from '../person-name.ts';
import { PASSWORD_MAX_CHARS, PASSWORD_MIN_CHARS } from '../passwords.ts';
import type { SignUpRules } from '../sign-up.ts';
import type { UsedCodes } from '../used-codes.ts';
import { shortWallet, signedBy } from '../wallet-signature.ts';
import { ADDRESS_HEADER, AUTH_PATH, SIGN_UP_PATH } from './paths.ts';
import { reachable } from './reach.ts';
import { codesOnce } from './codes-once.ts';
import { secondFactor } from './second-factor.ts';

const LINK_LIFETIME_SECONDS = 3_600;
const FRESH_SECONDS = 600;

export type AuthSetup = {
  clock: Clock;
  /** A handle of better-sqlite3 on the database of people. */
  database: NonNullable<BetterAuthOptions['database']>;
  /** Signs cookies and encrypts the secrets of two-factor codes. */
  secret: string;
  brand: string;
  /** Where people reach the site: origin without a slash at the end. */
  siteUrl: string;
  /** Further origins of the same site, for a gateway on this machine. */
  otherOrigins: readonly string[];
  config: Pick<PeopleConfig, 'requireVerifiedEmail' | 'sessionMs' | 'oauth' | 'wallet'>;
  mailer: Mailer;
  usedCodes: UsedCodes;
  /** Whether somebody whom a provider or a wallet vouches for may make an account. */
  mayJoin: SignUpRules['mayJoin'];
  /** A session was ended before its time. */
  onSessionEnd(personId: string): Promise<void>;
  /** Forgets every way to sign in of a person but the password. */
  forgetOtherWays(personId: string): void;
};

/** What is needed of Better Auth. The only module that imports it: it takes half a second and 70 MB to load. */
export type Auth = {
  handle(request: Request): Promise<Response>;
  /** Whose session a cookie names; undefined when it is none, or it has ended. */
  session(headers: Headers): Promise<AuthSession | undefined>;
  /** A token for the page that sets a new password, good for an hour. */
  resetToken(personId: string): Promise<string>;
};

export type AuthSession = { personId: string; startedAtMs: number; address: string };

/** How long a provider that could not be reached is left out, at least. */
const REACH_AGAIN_MS = 60_000;

/**
 * Better Auth over the database of people. Providers that cannot be reached are left out, and tried again from time to
 * time, behind the answers.
 */
export function createAuth(setup: AuthSetup): Auth {
  let current: Promise<Built> | undefined;
  let isRenewing = false;

  async function instance(): Promise<Built['auth']> {
    current ??= build(setup);
    const { auth, isWhole, builtAtMs } = await current;
    if (!isWhole && !isRenewing && setup.clock.monotonicMs() - builtAtMs >= REACH_AGAIN_MS) {
      isRenewing = true;
      void build(setup)
        .then((built) => (current = Promise.resolve(built)))
        .catch(() => undefined)
        .finally(() => (isRenewing = false));
    }
    return auth;
  }

  return {
    handle: async (request) => (await instance()).handler(request),
    async session(headers) {
      const auth = await instance();
      const found = await auth.api.getSession({ headers, query: { disableRefresh: true } });
      if (found === null) return undefined;
      const { userId, createdAt, ipAddress } = found.session;
      return { personId: userId, startedAtMs: createdAt.getTime(), address: ipAddress ?? '' };
    },
    async resetToken(personId) {
      const token = randomBase62(32);
      const { internalAdapter } = await (await instance()).$context;
      await internalAdapter.createVerificationValue({
        identifier: `reset-password:${token}`,
        value: personId,
        expiresAt: new Date(setup.clock.nowMs() + LINK_LIFETIME_SECONDS * 1_000),
      });
      return token;
    },
  };
}

type Built = { auth: ReturnType<typeof betterAuth>; isWhole: boolean; builtAtMs: number };

async function build(setup: AuthSetup): Promise<Built> {
  const { config, clock } = setup;
  const oauth = await reachable(config.oauth);
  const auth = betterAuth(authOptions({ ...setup, config: { ...config, oauth } }));
  return { auth, isWhole: oauth.length === config.oauth.length, builtAtMs: clock.monotonicMs() };
}

/** All that Better Auth is told. Checks of origin stay on: no setting of ours reaches them. */
export function authOptions(setup: AuthSetup): BetterAuthOptions {
  const { brand, siteUrl, config, mailer } = setup;
  const isSecure = siteUrl.startsWith('https:');
  const send = (kind: 'verify' | 'reset' | 'existing', to: string, link: string): Promise<void> => {
    if (!isPlaceholder(to)) mailer.send(writeMail(kind, { to, link, words: { brand } }));
    return Promise.resolve();
  };
  return {
    appName: brand,
    baseURL: siteUrl,
    basePath: AUTH_PATH,
    secret: setup.secret,
    database: setup.database,
    trustedOrigins: [siteUrl, ...setup.otherOrigins],
    telemetry: { enabled: false },
    // Its messages quote addresses.
    logger: { disabled: true },
    onAPIError: { errorURL: linkTo(siteUrl, 'sign-in') },
    emailAndPassword: {
      enabled: true,
      // The gateway decides about sign-ups before a request gets here; see sign-up.ts.
      requireEmailVerification: config.requireVerifiedEmail,
      // Signing up never signs in, so that the answer is the same for an address that is known.
      autoSignIn: false,
      minPasswordLength: PASSWORD_MIN_CHARS,
      maxPasswordLength: PASSWORD_MAX_CHARS,
      resetPasswordTokenExpiresIn: LINK_LIFETIME_SECONDS,
      revokeSessionsOnPasswordReset: true,
      onPasswordReset: ({ user }) => {
        // Whoever signed up with an address that is not theirs could have left a passkey behind for the time when its
        // owner takes the account over by this.
        if (!user.emailVerified && !isPlaceholder(user.email)) setup.forgetOtherWays(user.id);
        return Promise.resolve();
      },
      sendResetPassword: ({ user, token }) =>
        send('reset', user.email, linkTo(siteUrl, 'reset-password', token)),
      onExistingUserSignUp: ({ user }) => send('existing', user.email, linkTo(siteUrl, 'sign-in')),
    },
    emailVerification: {
      sendOnSignUp: true,
      sendOnSignIn: true,
      // Whoever opens the link has the mailbox, but perhaps not the password, nor the second factor; and a link that
      // signs in would sign others in, too, who are led to it.
      autoSignInAfterVerification: false,
      expiresIn: LINK_LIFETIME_SECONDS,
      sendVerificationEmail: ({ user, url }) => send('verify', user.email, url),
    },
    session: {
      expiresIn: config.sessionMs / 1_000,
      disableSessionRefresh: true,
      freshAge: FRESH_SECONDS,
      cookieCache: { enabled: false },
    },
    account: {
      encryptOAuthTokens: true,
      accountLinking: { enabled: true, requireLocalEmailVerified: true },
    },
    // Tokens of links are kept as digests only.
    verification: { storeIdentifier: 'hashed' },
    user: { changeEmail: { enabled: false }, deleteUser: { enabled: false } },
    // Counted by the gateway, by address and by mailbox.
    rateLimit: { enabled: false },
    advanced: {
      // The library's own switch would write `__Secure-`.
      useSecureCookies: false,
      cookiePrefix: isSecure ? '__Host-switchyard' : 'switchyard',
      defaultCookieAttributes: { secure: isSecure, httpOnly: true, sameSite: 'lax', path: '/' },
      ipAddress: { ipAddressHeaders: [ADDRESS_HEADER] },
      // Mail is sent beside the answer: how long it takes would tell whether there is an account.
      backgroundTasks: { handler: (task) => void task.catch(() => undefined) },
    },
    databaseHooks: {
      // Nobody is asked anything in a person's name, so a provider's tokens are not kept.
      account: { create: { before: withoutTokens }, update: { before: withoutTokens } },
      session: { delete: { after: ({ userId }) => setup.onSessionEnd(userId) } },
      user: {
        create: {
          before: async (user, context) => {
            if (context?.path !== SIGN_UP_PATH) await refuseStranger(setup, user, context?.path);
            // A provider's picture would be asked for from elsewhere.
            return { data: { ...user, name: cleanName(user.name), image: null } };
          },
        },
      },
    },
    socialProviders: Object.fromEntries(
      config.oauth
        .filter((provider) => provider.discoveryUrl === undefined)
        .map(({ name, clientId, clientSecret }) => [name, { clientId, clientSecret: clientSecret.reveal() }]),
    ),
    plugins: [
      ...(config.wallet
        ? [
            siwe({
              domain: new URL(siteUrl).host,
              // What they are called until they choose a name: the whole address is too long for most places.
              ensLookup: ({ walletAddress }) =>
                Promise.resolve({ name: shortWallet(walletAddress), avatar: '' }),
              getNonce: () => Promise.resolve(randomBase62(24)),
              // The library's own refusal has no code to tell it from others.
              verifyMessage: ({ message, signature, address }) =>
                signedBy(message, signature) === address.toLowerCase()
                  ? Promise.resolve(true)
                  : Promise.reject(new APIError('UNAUTHORIZED', { code: 'OTHER_WALLET_SIGNED' })),
            }),
          ]
        : []),
      secondFactor(brand),
      codesOnce(setup.usedCodes),
      passkeys(setup),
      genericOAuth({
        config: config.oauth.flatMap(({ name, discoveryUrl, clientId, clientSecret }) =>
          discoveryUrl === undefined
            ? []
            : [
                {
                  providerId: name,
                  discoveryUrl,
                  clientId,
                  clientSecret: clientSecret.reveal(),
                  scopes: ['openid', 'email', 'profile'],
                  pkce: true,
                },
              ],
        ),
      }),
    ],
  };
}

/**
 * Passkeys stand for both factors, so the device must have asked who holds it (a finger, a PIN), when it is registered and
 * at every use. The library only prefers that.
 */
function passkeys({ siteUrl, brand, otherOrigins }: AuthSetup): ReturnType<typeof passkey> {
  const demand = (isVerified: boolean | undefined): void => {
    if (isVerified !== true) throw new APIError('UNAUTHORIZED', { code: 'USER_NOT_VERIFIED' });
  };
  return passkey({
    rpID: new URL(siteUrl).hostname,
    rpName: brand,
    origin: [siteUrl, ...otherOrigins],
    authenticatorSelection: { residentKey: 'preferred', userVerification: 'required' },
    registration: {
      afterVerification: ({ verification }) => demand(verification.registrationInfo?.userVerified),
    },
    authentication: {
      afterVerification: ({ verification }) => demand(verification.authenticationInfo.userVerified),
    },
  });
}

function withoutTokens<Account extends object>(account: Account) {
  return Promise.resolve({ data: { ...account, accessToken: null, refreshToken: null, idToken: null } });
}

/** Someone new who comes from a provider or with a wallet. An address that the provider has not proved could be anyone's. */
function refuseStranger(
  { mayJoin }: AuthSetup,
  user: { email: string; emailVerified: boolean },
  path: string | undefined,
): Promise<void> {
  const isWallet = path === '/siwe/verify';
  const refused = isWallet || user.emailVerified ? mayJoin(user.email, { isWallet }) : 'EMAIL_NOT_VERIFIED';
  return refused === undefined
    ? Promise.resolve()
    : Promise.reject(new APIError('FORBIDDEN', { code: refused }));
}
