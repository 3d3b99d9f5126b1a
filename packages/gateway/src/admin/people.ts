import { z } from 'zod';
import { fault } from '../core/errors.ts';
import type { Fault } from '../core/errors.ts';
import { failed, ok } from '../core/result.ts';
import type { Result } from '../core/result.ts';
import { deletePerson } from '../people/delete-person.ts';
import { linkTo } from '../people/links.ts';
import { makeOperator, makeOperatorLink } from '../people/operator-link.ts';
import type { PeopleStore, StoredPerson } from '../people/store.ts';
import type { AdminContext } from './context.ts';
import { rowsField } from './fields.ts';

/** An id, or an e-mail address. */
export const personField = () => z.string().trim().min(1, 'must not be empty').max(320, 'is too long');

export const personInput = z.strictObject({ person: personField() });
export const listPeopleInput = z.strictObject({ limit: rowsField() });
export const operatorLinkInput = z.strictObject({});

export type PersonView = {
  id: string;
  email: string;
  name: string;
  site: 'person' | 'operator';
  emailVerified: boolean;
  twoFactor: boolean;
  createdAt: string;
  memberships: { account: string; accountName: string; role: string }[];
};

/** The oldest first. `total` counts those beyond the limit too. */
export function listPeople(
  context: AdminContext,
  input: z.output<typeof listPeopleInput>,
): Result<{ people: PersonView[]; total: number }, Fault> {
  const { store } = context.people.deps;
  const people = store.people(input.limit).map((person) => personView(context, person));
  return ok({ people, total: store.countPeople() });
}

/** With how and from where they sign in. Errors: `not_found`. */
export function showPerson(
  context: AdminContext,
  input: z.output<typeof personInput>,
): Result<PersonView & { methods: string[]; passkeys: number; sessions: number }, Fault> {
  const { store } = context.people.deps;
  const person = findPerson(store, input.person);
  if (!person.ok) return person;
  const { methods, passkeys, sessions } = store.signInRecord(person.value.id);
  return ok({
    ...personView(context, person.value),
    methods,
    passkeys: passkeys.length,
    sessions: sessions.length,
  });
}

/** Forgets a person and closes the accounts in which nobody else is. Errors: those of `deletePerson`. */
export async function removePerson(
  context: AdminContext,
  input: z.output<typeof personInput>,
): Promise<Result<{ id: string; closedAccounts: string[] }, Fault>> {
  const { deps } = context.people;
  const person = findPerson(deps.store, input.person);
  if (!person.ok) return person;
  const { id } = person.value;
  const removed = await deletePerson(deps, id, context.actor);
  return removed.ok ? ok({ id, ...removed.value }) : removed;
}

/** Errors: `not_found`. */
export async function makePersonOperator(
  context: AdminContext,
  input: z.output<typeof personInput>,
): Promise<Result<PersonView, Fault>> {
  const { deps } = context.people;
  const person = findPerson(deps.store, input.person);
  if (!person.ok) return person;
  const made = await makeOperator(deps, person.value.id, context.actor);
  return made.ok ? ok(personView(context, person.value)) : made;
}

/** A link with which a person sets a new password, for the operator to pass on. Errors: `not_found`. */
export async function resetLink(
  context: AdminContext,
  input: z.output<typeof personInput>,
): Promise<Result<{ id: string; link: string }, Fault>> {
  const { deps, resetToken } = context.people;
  const person = findPerson(deps.store, input.person);
  if (!person.ok) return person;
  const { id } = person.value;
  return ok({ id, link: linkTo(deps.siteUrl(), 'reset-password', await resetToken(id)) });
}

/** A link that makes whoever opens it first an operator of this site. */
export async function operatorLink(
  context: AdminContext,
): Promise<Result<{ link: string; expiresAt: string }, Fault>> {
  const { link, expiresAtMs } = await makeOperatorLink(context.people.deps, context.actor);
  return ok({ link, expiresAt: new Date(expiresAtMs).toISOString() });
}

/** By id or address. Errors: `not_found`. */
export function findPerson(store: PeopleStore, reference: string): Result<StoredPerson, Fault> {
  const person = store.person(reference) ?? store.personByEmail(reference.toLowerCase());
  return person === undefined
    ? failed(fault('not_found', { message: 'There is no such person.', param: 'person' }))
    : ok(person);
}

function personView(context: AdminContext, person: StoredPerson): PersonView {
  const { store } = context.people.deps;
  const { id, email, name, emailVerified, twoFactor, createdAtMs } = person;
  return {
    id,
    email,
    name,
    site: store.standing(id)?.site ?? 'person',
    emailVerified,
    twoFactor,
    createdAt: new Date(createdAtMs).toISOString(),
    memberships: store.memberships(id).map(({ accountId, role }) => ({
      account: accountId,
      accountName: context.registry.directory.account(accountId)?.name ?? '',
      role,
    })),
  };
}
