import type { IncomingHttpHeaders } from 'node:http';
import { MEMBER_ROLES, type MemberRole } from '@switchyard/protocol/console/common.ts';

/** `operator`: runs this site. */
export type SiteRole = 'person' | 'operator';

/** A human with a valid session. */
export type Person = {
  id: string;
  /** Of somebody who came with a wallet and has none: one that `isPlaceholder` knows. */
  email: string;
  name: string;
  emailVerified: boolean;
  site: SiteRole;
  twoFactor: boolean;
  /** Addresses of the wallets that they sign in with, `0x...`. */
  wallets: readonly string[];
  memberships: readonly { accountId: string; role: MemberRole }[];
  /** When this session began with a password, passkey or provider; milliseconds since 1970. */
  signedInAtMs: number;
};

/** Port: who sends a request, by its session cookie. All that others need to know of people's sessions. */
export type PeopleSessions = {
  /** Undefined without a valid session. Rejects when the disk fails. */
  read(headers: IncomingHttpHeaders): Promise<Person | undefined>;
};

/** How long after signing in dangerous things may be done without signing in again. */
export const FRESH_SIGN_IN_MS = 10 * 60_000;

/** Whether the person has signed in within the last 10 minutes. */
export function isFreshlySignedIn(person: Pick<Person, 'signedInAtMs'>, nowMs: number): boolean {
  return nowMs - person.signedInAtMs <= FRESH_SIGN_IN_MS;
}

/** Whether `role` may do what `needed` may. */
export function roleCovers(role: MemberRole, needed: MemberRole): boolean {
  return MEMBER_ROLES.indexOf(role) <= MEMBER_ROLES.indexOf(needed);
}

/** How a person is named in the audit trail as who did it. */
export function personActor(personId: string): string {
  return `person:${personId}`;
}
