import type { MemberRole } from '@switchyard/protocol/console/common.ts';
import type { SiteRole } from './person.ts';

/** A person as they are kept. */
export type StoredPerson = {
  id: string;
  email: string;
  name: string;
  emailVerified: boolean;
  twoFactor: boolean;
  createdAtMs: number;
};

/** What the site knows of a person besides how they sign in. */
export type Standing = {
  personId: string;
  site: SiteRole;
  /** Their own account, decided before it is made. */
  homeAccountId: string;
  /** Whether that account and the membership in it are there. */
  homeMade: boolean;
};

export type Membership = { accountId: string; personId: string; role: MemberRole; sinceMs: number };

/** `digest`: SHA-256 of its token in base64. */
export type Invitation = {
  id: string;
  accountId: string;
  /** In small letters. */
  email: string;
  role: MemberRole;
  invitedBy: string;
  createdAtMs: number;
  expiresAtMs: number;
  digest: string;
};

/** An address that a person has asked for. `isOpen`: it can be confirmed. Kept for a day, to count mails. */
export type EmailClaim = {
  /** SHA-256 of the token of the link, in base64. */
  digest: string;
  personId: string;
  /** In small letters. */
  email: string;
  mailbox: string;
  atMs: number;
  isOpen: boolean;
};

/** How a person can sign in and from where they have. No secrets. */
export type SignInRecord = {
  methods: string[];
  wallets: string[];
  /** Addresses that they have asked for in the last day and not confirmed. */
  askedEmails: string[];
  passkeys: { name: string | null; createdAt: string | null }[];
  sessions: { createdAt: string; expiresAt: string; ipAddress: string | null; userAgent: string | null }[];
};

/**
 * Port: people, their roles in accounts, invitations. Its calls end at once and throw when the disk fails. All calls
 * inside `transaction` become durable together or not at all.
 */
export type PeopleStore = {
  transaction<Value>(work: () => Value): Value;

  person(id: string): StoredPerson | undefined;
  /** `email` in small letters. */
  personByEmail(email: string): StoredPerson | undefined;
  /** The oldest first. */
  people(limit: number): StoredPerson[];
  countPeople(): number;
  markEmailVerified(personId: string): void;
  /** The person's address from now on, confirmed. Throws when somebody else has it. */
  setEmail(personId: string, email: string, atMs: number): void;
  /** Addresses of a person's wallets, `0x...`. */
  wallets(personId: string): string[];
  signInRecord(personId: string): SignInRecord;
  /** Passkeys, wallets, providers, the second factor, devices that need none: all but the password. */
  forgetOtherWays(personId: string): void;
  /** The person, their ways to sign in, sessions, standing and memberships. */
  deletePerson(personId: string): void;

  standing(personId: string): Standing | undefined;
  putStanding(standing: Standing): void;

  memberships(personId: string): Membership[];
  members(accountId: string): Membership[];
  putMembership(membership: Membership): void;
  deleteMembership(key: { accountId: string; personId: string }): void;

  invitation(id: string): Invitation | undefined;
  invitationByDigest(digest: string): Invitation | undefined;
  /** Whether any account has invited an address (in small letters). */
  hasOpenInvitation(email: string, nowMs: number): boolean;
  /** Open and expired ones, oldest first. */
  invitations(accountId: string): Invitation[];
  /** Counts a mail of invitation that an account has sent on a day (UTC, since 1970): how many there are with it. */
  countInvitationMail(accountId: string, day: number): number;
  putInvitation(invitation: Invitation): void;
  deleteInvitation(id: string): void;

  /** The only claim of this person that is open from now on, if it is. */
  putEmailClaim(claim: EmailClaim): void;
  emailClaim(digest: string): EmailClaim | undefined;
  /** Claims since a time. */
  countEmailClaims(
    of: { personId: string; mailbox: string },
    sinceMs: number,
  ): { byPerson: number; toMailbox: number };
  deleteEmailClaims(personId: string): void;

  putOperatorLink(link: { digest: string; expiresAtMs: number }): void;
  hasOperatorLink(digest: string, nowMs: number): boolean;
  /** Uses the link up. False when there is none, or its time is over. */
  takeOperatorLink(digest: string, nowMs: number): boolean;
  hasOperator(): boolean;

  /** Which account an address has claimed its welcome credit for. The digest outlives the person. */
  freeCredit(emailDigest: string): { accountId: string } | undefined;
  /** Claims of people of one network address since a time. */
  countFreeCredits(addressDigest: string, sinceMs: number): number;
  putFreeCredit(claim: { emailDigest: string; accountId: string; addressDigest: string; atMs: number }): void;

  /** Removes what has expired: sessions, codes, invitations, links, claims, digests of network addresses. */
  sweep(nowMs: number): void;
  close(): void;
};
