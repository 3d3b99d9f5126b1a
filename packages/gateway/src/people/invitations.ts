import type { MemberRole } from '@switchyard/protocol/console/common.ts';
import type {
  AcceptedInvitation,
  Invitation as InvitationView,
  NewInvitation,
} from '@switchyard/protocol/console/members.ts';
import { fault, type Fault } from '../core/errors.ts';
import { newId } from '../core/ids.ts';
import { failed, ok, type Result } from '../core/result.ts';
import { note } from './audit.ts';
import type { PeopleDeps } from './deps.ts';
import { EMAIL_SHAPE } from './email-address.ts';
import { linkTo, newToken, tokenDigest } from './links.ts';
import { writeMail } from './mail.ts';
import { refuseMemberChange, type Actor } from './member-rules.ts';
import { personActor, roleCovers, type Person } from './person.ts';
import type { Invitation } from './store.ts';

const LIFETIME_MS = 7 * 86_400_000;
/** Open ones of an account. Each was a mail to somebody who did not ask for it. */
const OPEN_MAX = 50;
/** Those of an account in a day (UTC), also when the invitations were taken back. */
const MAILS_PER_DAY = 50;
const DAY_MS = 86_400_000;

type InvitationDeps = Pick<PeopleDeps, 'clock' | 'store' | 'registry' | 'mailer' | 'siteUrl' | 'brand'>;

/** Open ones, oldest first. */
export function listInvitations(
  { store, clock }: Pick<PeopleDeps, 'store' | 'clock'>,
  accountId: string,
): InvitationView[] {
  const open = store.invitations(accountId).filter(({ expiresAtMs }) => expiresAtMs > clock.nowMs());
  return open.map(invitationView);
}

/**
 * Invites an address to an account and mails the link. An invitation of the same address takes the place of the one
 * before. The link is in the answer, once: only its digest is kept.
 * Errors: `permission_denied`, `invalid_request` (address, member already, too many open), `not_found` (account),
 * `rate_limit_exceeded` (mails of the day).
 */
export async function invite(
  deps: InvitationDeps,
  by: Actor & { name: string },
  { accountId, role, ...input }: { accountId: string; email: string; role: MemberRole },
): Promise<Result<NewInvitation, Fault>> {
  const { store, clock, registry, brand } = deps;
  const account = registry.directory.account(accountId);
  if (account === undefined) return failed(fault('not_found'));
  const email = input.email.trim().toLowerCase();
  if (!EMAIL_SHAPE.test(email)) return failed(wrongEmail('This is no e-mail address.'));
  const { token, digest } = newToken();
  const createdAtMs = clock.nowMs();
  const invitation: Invitation = {
    id: newId('inv'),
    accountId,
    email,
    role,
    invitedBy: by.personId,
    createdAtMs,
    expiresAtMs: createdAtMs + LIFETIME_MS,
    digest,
  };
  const refused = store.transaction(() => {
    const members = store.members(accountId);
    const denied = refuseMemberChange(members, by, { do: 'invite', role });
    if (denied !== undefined) return denied;
    if (members.some(({ personId }) => store.person(personId)?.email === email)) {
      return wrongEmail('This person is a member already.');
    }
    const others = store.invitations(accountId).filter((one) => one.email !== email);
    if (others.filter(({ expiresAtMs }) => expiresAtMs > createdAtMs).length >= OPEN_MAX) return TOO_MANY;
    const day = Math.floor(createdAtMs / DAY_MS);
    if (store.countInvitationMail(accountId, day) > MAILS_PER_DAY) return MAILED_ENOUGH;
    for (const one of store.invitations(accountId)) {
      if (one.email === email) store.deleteInvitation(one.id);
    }
    store.putInvitation(invitation);
    return undefined;
  });
  if (refused !== undefined) return failed(refused);
  await note(deps, {
    actor: personActor(by.personId),
    action: 'invitation.create',
    subject: accountId,
    detail: `${invitation.id}, ${role}`,
  });
  const link = linkTo(deps.siteUrl(), 'invitation', token);
  const words = { brand, inviter: by.name, account: account.name };
  deps.mailer.send(writeMail('invitation', { to: email, link, words }));
  return ok({ invitation: invitationView(invitation), link });
}

/** Takes an invitation back. Errors: `not_found`. */
export async function deleteInvitation(
  deps: Pick<PeopleDeps, 'store' | 'registry'>,
  by: Actor,
  { accountId, invitationId }: { accountId: string; invitationId: string },
): Promise<Result<undefined, Fault>> {
  const known = deps.store.invitation(invitationId);
  if (known === undefined || known.accountId !== accountId) return failed(fault('not_found'));
  deps.store.deleteInvitation(invitationId);
  const audit = { actor: personActor(by.personId), action: 'invitation.delete', subject: accountId };
  await note(deps, { ...audit, detail: invitationId });
  return ok(undefined);
}

/**
 * Uses an invitation up. It must have been sent to the address of the person, and whoever sent it must still be one who
 * may give the role. A role that they have already is never made less by it. Errors: `invalid_request` (used, too old, none, or for somebody else: one answer for all).
 */
export async function acceptInvitation(
  deps: Pick<PeopleDeps, 'clock' | 'store' | 'registry'>,
  person: Pick<Person, 'id' | 'email'>,
  token: unknown,
): Promise<Result<AcceptedInvitation, Fault>> {
  const { clock, store, registry } = deps;
  const digest = tokenDigest(token);
  if (digest === undefined) return failed(NO_INVITATION);
  const accepted = store.transaction(() => {
    const invitation = store.invitationByDigest(digest);
    if (invitation === undefined || invitation.expiresAtMs <= clock.nowMs()) return undefined;
    const account = registry.directory.account(invitation.accountId);
    if (account === undefined || invitation.email !== person.email.toLowerCase()) return undefined;
    // Else somebody who was taken out could come back by an invitation that they had sent to themselves.
    const inviter = { personId: invitation.invitedBy };
    const change = { do: 'invite', role: invitation.role } as const;
    if (refuseMemberChange(store.members(account.id), inviter, change) !== undefined) return undefined;
    store.deleteInvitation(invitation.id);
    const { accountId } = invitation;
    const known = store.memberships(person.id).find((membership) => membership.accountId === accountId);
    const keeps = known !== undefined && roleCovers(known.role, invitation.role);
    const role = keeps ? known.role : invitation.role;
    store.putMembership({ accountId, personId: person.id, role, sinceMs: clock.nowMs() });
    return { accountId, name: account.name, role };
  });
  if (accepted === undefined) return failed(NO_INVITATION);
  const audit = { actor: personActor(person.id), action: 'invitation.accept', subject: accepted.accountId };
  await note(deps, { ...audit, detail: accepted.role });
  return ok(accepted);
}

function invitationView(one: Invitation): InvitationView {
  return {
    id: one.id,
    email: one.email,
    role: one.role,
    createdAt: new Date(one.createdAtMs).toISOString(),
    expiresAt: new Date(one.expiresAtMs).toISOString(),
  };
}

function wrongEmail(message: string): Fault {
  return fault('invalid_request', { message, param: 'email' });
}

const MAILED_ENOUGH = fault('rate_limit_exceeded', {
  message: `An account can send ${MAILS_PER_DAY} invitations a day. Go on tomorrow.`,
});
const TOO_MANY = fault('invalid_request', {
  message: `An account can have ${OPEN_MAX} open invitations. Take some back first.`,
});
const NO_INVITATION = fault('invalid_request', {
  message: 'This invitation was used, is too old, or is for another address. Ask for a new one.',
  param: 'token',
});
