import { storedSecret } from '../accounts/stored-secret.ts';
import type { Config } from '../config/config.ts';
import type { AuthSetup, Auth } from './better-auth/auth.ts';
import { endBrowserKeys } from './browser-keys.ts';
import type { PeopleDeps } from './deps.ts';
import { refusedDomains } from './disposable-domains.ts';
import { createGate, type Gate } from './gate.ts';
import { revokeStrayKeys } from './key-owners.ts';
import { createHomeKeeper } from './home-account.ts';
import { claimOperatorLink } from './operator-link.ts';
import { type PeopleSessions, personActor } from './person.ts';
import { createPeopleSessions } from './sessions.ts';
import { createSignUpRules } from './sign-up.ts';
import { createUsedCodes } from './used-codes.ts';

/** How often what has expired is removed. */
const SWEEP_MS = 3_600_000;

export type People = {
  deps: PeopleDeps;
  sessions: PeopleSessions;
  gate: Gate;
  /** Loads Better Auth when somebody is there to use it, so that the first sign-in need not wait for it. */
  warmUp(): void;
  /** A link with which a person sets a new password, for the operator to pass on. */
  resetToken(personId: string): Promise<string>;
  /** Calls with the person whose session was ended: by signing out, here or elsewhere, or by a new password. */
  onSessionEnd(hear: (personId: string) => void): void;
  close(): void;
};

/** Puts the parts of people's accounts together. The store stays open: it belongs to its opener. */
export async function openPeople(
  options: Omit<
    PeopleDeps,
    'digestKey' | 'refusedDomains' | 'welcomeMicros' | 'freeCreditsPerAddress' | 'brand'
  > & {
    config: Pick<Config, 'people' | 'accounts' | 'brand'>;
    database: AuthSetup['database'];
    onFailure(error: unknown): void;
  },
): Promise<People> {
  const { config, store, registry, clock, mailer, siteUrl } = options;
  const secret =
    config.people.secret?.reveal() ?? (await storedSecret(registry, 'people')).toString('base64url');
  const deps: PeopleDeps = {
    clock,
    store,
    registry,
    ledger: options.ledger,
    mailer,
    siteUrl,
    disconnectNode: options.disconnectNode,
    receipts: options.receipts,
    brand: config.brand.name,
    welcomeMicros: config.accounts.welcomeMicros,
    freeCreditsPerAddress: config.people.freeCreditsPerAddress,
    refusedDomains: refusedDomains(config.people.refusedEmailDomains),
    digestKey: await storedSecret(registry, 'people-digests'),
  };
  await revokeStrayKeys(deps);
  const signUp = createSignUpRules({ clock, store, registry, config: config.people });
  const listeners = new Set<(personId: string) => void>();
  let loading: Promise<Auth> | undefined;
  const auth = (): Promise<Auth> =>
    (loading ??= import('./better-auth/auth.ts').then(({ createAuth }) =>
      createAuth({
        clock,
        database: options.database,
        secret,
        brand: config.brand.name,
        siteUrl: siteUrl(),
        otherOrigins: originsOf(siteUrl()).slice(1),
        config: config.people,
        mailer,
        usedCodes: createUsedCodes(clock),
        mayJoin: signUp.mayJoin,
        forgetOtherWays: (personId) => store.forgetOtherWays(personId),
        onSessionEnd(personId) {
          for (const hear of listeners) hear(personId);
          return endBrowserKeys(deps, personId, personActor(personId));
        },
      }),
    ));
  const timer = clock.every(SWEEP_MS, () => {
    try {
      store.sweep(clock.nowMs());
    } catch (error) {
      options.onFailure(error);
    }
  });
  const sessions = createPeopleSessions({ store, home: createHomeKeeper(deps), auth });
  return {
    deps,
    sessions,
    gate: createGate({
      clock,
      auth,
      sessions,
      claimOperator: (person, token) => claimOperatorLink(deps, person, token),
      signUp,
      siteUrl,
      origins: () => originsOf(siteUrl()),
    }),
    warmUp() {
      if (store.countPeople() > 0) auth().catch(options.onFailure);
    },
    resetToken: async (personId) => (await auth()).resetToken(personId),
    onSessionEnd: (hear) => void listeners.add(hear),
    close: () => timer.cancel(),
  };
}

/** On this machine a page may be open under any of its names. Passkeys work under `localhost` only. */
function originsOf(siteUrl: string): string[] {
  const { protocol, hostname, port, origin } = new URL(siteUrl);
  if (hostname !== 'localhost') return [origin];
  return ['localhost', '127.0.0.1', '[::1]'].map(
    (host) => `${protocol}//${host}${port === '' ? '' : `:${port}`}`,
  );
}
