import type { MemberRole } from './common.ts';

/** GET `/api/console/session`: who looks, and what this site offers. 200 for everyone. */
export type Session = {
  person: SessionPerson | null;
  /** Those that the person is a member of. */
  accounts: SessionAccount[];
  site: Site;
};

export type SessionPerson = {
  id: string;
  /** Null: they came with a wallet and have added none. */
  email: string | null;
  name: string;
  emailVerified: boolean;
  site: 'person' | 'operator';
  twoFactor: boolean;
  /** Addresses of the wallets that they sign in with, `0x...`. */
  wallets: string[];
};

/** POST `/api/console/person/email`. A person without an address, freshly signed in. Answers `Done`, known address or not. */
export type AddEmail = { email: string };

/** POST `/api/console/person/email/confirm`: the token of the mailed link, by the person who asked. */
export type ConfirmEmail = { token: string };
export type ConfirmedEmail = { email: string };

export type SessionAccount = { id: string; name: string; role: MemberRole; suspended: boolean };

export type Site = {
  brand: string;
  /** Origin under which clients reach the public API, without a slash at the end: `https://api.example.com`. */
  publicUrl: string;
  /** Beginning of keys: `sk-<keyPrefix>-`. */
  keyPrefix: string;
  signUp: 'open' | 'invite' | 'closed';
  methods: { password: boolean; passkey: boolean; oauth: string[]; wallet: boolean };
  /** Ways to add credit that the operator switched on. Empty: the operator adds it by hand. */
  topUps: TopUp[];
  /** Given once to a new account. */
  freeCreditMicros: number;
  /** New paid requests are refused for the moment. */
  maintenance: { on: boolean; message: string };
};

/** `ready` false: this server cannot take it yet, so nothing is asked for and nothing can be charged. No version can so far. */
export type TopUp = { method: 'usdc' | 'card'; ready: boolean };
