import type { MemberRole } from './common.ts';

/** GET `accounts/:account/members`. Role: viewer. */
export type MembersAnswer = { members: Member[] };

/** `email` is null for somebody who came with a wallet and has added none. */
export type Member = {
  personId: string;
  name: string;
  email: string | null;
  role: MemberRole;
  since: string;
};

/** PATCH `accounts/:account/members/:person`. Role: owner. Answers `Member`. DELETE takes the person out: `Done`. The last owner stays. */
export type UpdateMember = { role: MemberRole };

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
