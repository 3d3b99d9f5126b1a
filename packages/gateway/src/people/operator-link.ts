import { fault, type Fault } from '../core/errors.ts';
import { failed, ok, type Result } from '../core/result.ts';
import { note } from './audit.ts';
import type { PeopleDeps } from './deps.ts';
import { linkTo, newToken, tokenDigest } from './links.ts';
import { type Person, personActor } from './person.ts';

const LIFETIME_MS = 24 * 3_600_000;

/** The note of the account that the first start has made for trying out; see `admin/first-run.ts`. */
export const DEMO_ACCOUNT_KEY = 'demo_account';

export type OperatorLink = { link: string; expiresAtMs: number };

/**
 * A link that makes whoever opens it first an operator of this site. Only its digest is kept, so it is shown this once.
 * Whoever can ask for it controls this machine already.
 */
export async function makeOperatorLink(deps: PeopleDeps, actor: string): Promise<OperatorLink> {
  const { token, digest } = newToken();
  const expiresAtMs = deps.clock.nowMs() + LIFETIME_MS;
  deps.store.putOperatorLink({ digest, expiresAtMs });
  await note(deps, { actor, action: 'operator.link', subject: 'site', detail: 'valid for 24 hours' });
  return { link: linkTo(deps.siteUrl(), 'operator-setup', token), expiresAtMs };
}

/**
 * Uses a link up for a person who is signed in. They become an operator, and the first one the owner of the accounts
 * that the first start has made: the operator's, whose nodes nobody else owns, and the one for trying out.
 * Errors: `invalid_request` (the link was used, is too old, or is none).
 */
export async function claimOperatorLink(
  deps: PeopleDeps,
  person: Pick<Person, 'id'>,
  token: unknown,
): Promise<Result<undefined, Fault>> {
  const { clock, store } = deps;
  const digest = tokenDigest(token);
  if (digest === undefined || !store.takeOperatorLink(digest, clock.nowMs())) return failed(NO_LINK);
  await makeOperator(deps, person.id, personActor(person.id));
  return ok(undefined);
}

/** Makes a person an operator of this site. Errors: `not_found` (no such person, or they have never signed in). */
export async function makeOperator(
  deps: PeopleDeps,
  personId: string,
  actor: string,
): Promise<Result<undefined, Fault>> {
  const { clock, store, registry } = deps;
  const demoAccount = await registry.meta(DEMO_ACCOUNT_KEY);
  const operators = registry.directory.accounts().filter(({ role }) => role === 'operator');
  const offered = [...operators.map(({ id }) => id), ...(demoAccount === undefined ? [] : [demoAccount])];
  const made = store.transaction(() => {
    const standing = store.standing(personId);
    if (standing === undefined) return false;
    store.putStanding({ ...standing, site: 'operator' });
    for (const accountId of offered) {
      if (store.members(accountId).length > 0 || registry.directory.account(accountId) === undefined)
        continue;
      store.putMembership({ accountId, personId, role: 'owner', sinceMs: clock.nowMs() });
    }
    return true;
  });
  if (!made) return failed(fault('not_found', { message: 'This person has never signed in.' }));
  await note(deps, { actor, action: 'person.make-operator', subject: personId, detail: '' });
  return ok(undefined);
}

const NO_LINK = fault('invalid_request', {
  message:
    'This link was used or is too old. "switchyard operator link" on the machine of the gateway makes another.',
  param: 'token',
});
