import type { IncomingHttpHeaders } from 'node:http';
import type { Auth } from './better-auth/auth.ts';
import type { HomeKeeper } from './home-account.ts';
import type { PeopleSessions } from './person.ts';
import type { PeopleStore } from './store.ts';

export type SessionsDeps = {
  store: PeopleStore;
  home: HomeKeeper;
  /** Loads Better Auth at the first call. */
  auth(): Promise<Auth>;
};

/** Reads sessions. Requests without a session cookie cost nothing: Better Auth is not even loaded for them. */
export function createPeopleSessions({ store, home, auth }: SessionsDeps): PeopleSessions {
  return {
    async read(headers) {
      const cookie = sessionCookies(headers);
      if (cookie === undefined) return undefined;
      const session = await (await auth()).session(new Headers({ cookie }));
      const stored = session === undefined ? undefined : store.person(session.personId);
      if (session === undefined || stored === undefined) return undefined;
      const standing = await home.settle(stored, session.address);
      const { id, email, name, emailVerified, twoFactor } = stored;
      return {
        id,
        email,
        name,
        emailVerified,
        twoFactor,
        site: standing.site,
        wallets: store.wallets(id),
        memberships: store.memberships(id).map(({ accountId, role }) => ({ accountId, role })),
        signedInAtMs: session.startedAtMs,
      };
    },
  };
}

function sessionCookies({ cookie }: IncomingHttpHeaders): string | undefined {
  return cookie?.includes('switchyard.session_token=') === true ? cookie : undefined;
}
