import type { Account } from '../accounts/account.ts';
import { newId } from '../core/ids.ts';
import { ok } from '../core/result.ts';
import type { PeopleDeps } from './deps.ts';
import { personActor } from './person.ts';
import { cleanName } from './person-name.ts';
import type { FreeCreditDeps } from './free-credit.ts';
import { giveFreeCredit } from './free-credit.ts';
import type { Standing, StoredPerson } from './store.ts';

export type HomeDeps = FreeCreditDeps & Pick<PeopleDeps, 'registry'>;

/**
 * Makes sure that a person has an account of their own, is its owner, and has got the welcome credit. Called whenever a
 * session is read, so that what a crash has interrupted is ended at the next look; done is done, and costs one look-up.
 */
export type HomeKeeper = { settle(person: StoredPerson, address: string): Promise<Standing> };

export function createHomeKeeper(deps: HomeDeps): HomeKeeper {
  const running = new Map<string, Promise<Standing>>();
  /** People whose credit needs no look any more, until the process ends. */
  const settled = new Set<string>();

  async function settle(person: StoredPerson, address: string): Promise<Standing> {
    const standing = await makeHome(deps, person);
    await giveFreeCredit(deps, person, { accountId: standing.homeAccountId, address });
    if (person.emailVerified && settled.size < SETTLED_MAX) settled.add(person.id);
    return standing;
  }

  return {
    settle(person, address) {
      const known = deps.store.standing(person.id);
      if (known?.homeMade === true && (settled.has(person.id) || !person.emailVerified)) {
        return Promise.resolve(known);
      }
      const under = running.get(person.id);
      if (under !== undefined) return under;
      const run = settle(person, address).finally(() => running.delete(person.id));
      running.set(person.id, run);
      return run;
    },
  };
}

const SETTLED_MAX = 100_000;

/** The id is noted first, so that a crash leaves no second account behind. */
async function makeHome(deps: HomeDeps, person: StoredPerson): Promise<Standing> {
  const { store, registry, clock } = deps;
  const standing = store.standing(person.id) ?? {
    personId: person.id,
    site: 'person' as const,
    homeAccountId: newId('acc'),
    homeMade: false,
  };
  if (standing.homeMade) return standing;
  store.putStanding(standing);
  const { homeAccountId: accountId } = standing;
  if (registry.directory.account(accountId) === undefined) {
    const account: Account = Object.freeze({
      id: accountId,
      name: accountName(person.name),
      role: 'person',
      suspended: false,
      createdAtMs: clock.nowMs(),
    });
    const audit = {
      actor: personActor(person.id),
      action: 'account.create',
      subject: accountId,
      detail: 'sign-up',
    };
    await registry.change(() => ok({ changes: [{ type: 'put-account', account }], audit, value: undefined }));
  }
  const made = { ...standing, homeMade: true };
  store.transaction(() => {
    store.putMembership({ accountId, personId: person.id, role: 'owner', sinceMs: clock.nowMs() });
    // What is noted may have changed meanwhile: the person may be an operator now.
    store.putStanding({ ...made, site: store.standing(person.id)?.site ?? made.site });
  });
  return made;
}

/** As names of accounts are: one line, 1 to 64 characters. */
function accountName(personName: string): string {
  return Array.from(cleanName(personName)).slice(0, 64).join('').trim() || 'account';
}
