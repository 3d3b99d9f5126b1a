import type { MemberRole } from '@switchyard/protocol/console/common.ts';
import type {
  AcceptedInvitation,
  CreateInvitation,
  Invitation,
  AccountPerson,
  NewInvitation,
} from '@switchyard/protocol/console/members.ts';
import type { ConfirmedEmail } from '@switchyard/protocol/console/session.ts';
import type { Fault } from '../core/errors.ts';
import type { Result } from '../core/result.ts';
import type { Person } from '../people/person.ts';

/**
 * Port: members of accounts and invitations. The caller has checked that `by` may do it in this account; that an account
 * keeps an owner and that nobody gives a role above their own is checked here. `actor` is for the audit trail.
 */
export type PeopleMembers = {
  members(accountId: string): Promise<readonly AccountPerson[]>;
  /** Errors: `not_found`, `invalid_request` (the last owner), `permission_denied`. */
  changeRole(
    accountId: string,
    change: { personId: string; role: MemberRole; by: Person },
  ): Promise<Result<AccountPerson, Fault>>;
  /** Errors: `not_found`, `invalid_request` (the last owner). */
  removeMember(accountId: string, change: { personId: string; by: Person }): Promise<Result<void, Fault>>;
  invitations(accountId: string): Promise<readonly Invitation[]>;
  /** Errors: `invalid_request`, `permission_denied`, `rate_limit_exceeded`. */
  invite(
    accountId: string,
    invitation: CreateInvitation & { by: Person },
  ): Promise<Result<NewInvitation, Fault>>;
  /** Errors: `not_found`. */
  withdrawInvitation(
    accountId: string,
    change: { invitationId: string; by: Person },
  ): Promise<Result<void, Fault>>;
  /** Errors: `not_found` (unknown, used, expired, or for another address). */
  acceptInvitation(person: Person, token: string): Promise<Result<AcceptedInvitation, Fault>>;
  /** Mails a link to an address that a person without one wants. Errors: `invalid_request`, `rate_limit_exceeded`. */
  askForEmail(person: Person, email: string): Promise<Result<void, Fault>>;
  /** Gives the person the address that the token was mailed to. Errors: `invalid_request`. */
  confirmEmail(person: Person, token: string): Promise<Result<ConfirmedEmail, Fault>>;
  /** Everything that is kept of an account and its members, as plain JSON. */
  exportAccount(accountId: string): Promise<Result<unknown, Fault>>;
  /** Everything that is kept of a person, as plain JSON. Errors: `not_found`. */
  exportPerson(person: Person): Promise<Result<unknown, Fault>>;
  /** Forgets a person, with the accounts in which nobody else is. Errors: `invalid_request` (the last owner of others). */
  deletePerson(person: Person): Promise<Result<void, Fault>>;
  /** The account can pay for nothing from now on, its keys are revoked, its name is gone. Receipts stay. */
  deleteAccount(accountId: string, by: Person): Promise<Result<void, Fault>>;
};
