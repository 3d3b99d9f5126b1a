import type { MemberRole } from './common.ts';
import type { KeySpend } from './keys.ts';

/** GET `accounts/:account/members`. Role: viewer. */
export type MembersAnswer = { members: Member[] };

/** `share` null: it is for the member, admins and owners to see. */
export type Member = AccountPerson & { share: MemberShare | null };

/** `email` is null for somebody who came with a wallet and has added none. */
export type AccountPerson = {
  personId: string;
  name: string;
  email: string | null;
  role: MemberRole;
  since: string;
};

/** What all keys of a person in an account may do together, that of their open page included, and have done. */
export type MemberShare = {
  /** Of theirs, those that work. */
  keys: number;
  /** null: no such limit. */
  requestsPerMinute: number | null;
  concurrency: number | null;
  /** Per UTC day, ISO week and month. */
  spend: { day: KeySpend; week: KeySpend; month: KeySpend };
};

/**
 * PATCH `accounts/:account/members/:person`. Role: owner. Answers `Member`. DELETE takes the person out: `Done`. The last owner stays.
 * Who becomes a viewer or is taken out has no keys any more: theirs are revoked at once.
 */
export type UpdateMember = { role: MemberRole };

/**
 * PATCH `accounts/:account/members/:person/limits`. Role: admin, for developers and viewers; owner for all. Freshly signed
 * in. What is left out stays; `null` takes a limit away. Answers `Member`.
 */
export type UpdateMemberLimits = {
  requestsPerMinute?: number | null;
  concurrency?: number | null;
  dayLimitMicros?: number | null;
  weekLimitMicros?: number | null;
  monthLimitMicros?: number | null;
};

/** GET `accounts/:account/invitations`. Role: admin. Open ones only. */
export type InvitationsAnswer = { invitations: Invitation[] };

export type Invitation = {
  id: string;
  email: string;
  role: MemberRole;
  createdAt: string;
  expiresAt: string;
};

/** POST `accounts/:account/invitations`. Role: admin; a role at most one's own. Answers `NewInvitation`. DELETE `…/invitations/:invitation`: `Done`. */
export type CreateInvitation = { email: string; role: MemberRole };

/** `link` goes to the invited person; the gateway mails it where mail is set up. It cannot be shown again. */
export type NewInvitation = { invitation: Invitation; link: string };

/** POST `/api/console/invitations/accept`. A signed-in person. */
export type AcceptInvitation = { token: string };
export type AcceptedInvitation = { accountId: string; name: string; role: MemberRole };

/** DELETE `accounts/:account`. Role: owner, freshly signed in. `confirm`: the account's name. Receipts stay, without the name. */
export type DeleteAccount = { confirm: string };
