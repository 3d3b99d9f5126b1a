import type { MemberRole } from '@switchyard/protocol/console/common.ts';
import { fault, type Fault } from '../core/errors.ts';
import { failed, ok, type Result } from '../core/result.ts';
import { isFreshlySignedIn, type Person, roleCovers } from '../people/person.ts';

/** Who may ask a route. A role of an account includes all the roles above it. */
export type Who = 'anonymous' | 'person' | MemberRole | 'operator';

/** What a route asks of its callers. */
export type Demand = {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  who: Who;
  /** The person must have proved who they are lately. */
  fresh: boolean;
};

/** What a request says about itself. Undefined: the header is not there. */
export type Claim = {
  origin: string | undefined;
  /** `Sec-Fetch-Site`, which browsers set and pages cannot. */
  fetchSite: string | undefined;
  contentType: string | undefined;
  hasBody: boolean;
  /** `:account` of the address. Undefined: the route has none. */
  accountId: string | undefined;
};

/** What the gateway knows. */
export type Circumstances = {
  /** Origins under which this gateway serves its own pages. */
  ownOrigins: readonly string[];
  /** Undefined: nobody is signed in. */
  person: Person | undefined;
  nowMs: number;
  /** False for development on one's own machine only. */
  operatorsNeedTwoFactor: boolean;
};

/** What the caller may do it as. */
export type Grant = {
  person: Person | undefined;
  accountId: string | undefined;
  role: MemberRole | undefined;
};

/**
 * The one decision about every request of the console: may it go on, and as whom. Deny by default, in a fixed order, so
 * that a refusal says no more than its caller may know: a page of another site learns nothing, somebody who is not
 * signed in learns only that, and an account of others looks like one that does not exist.
 * Errors: `cross_site_request`, `unsupported_media_type`, `sign_in_required`, `not_found`, `permission_denied`,
 * `two_factor_required`, `recent_sign_in_required`.
 */
export function decideAccess(demand: Demand, claim: Claim, now: Circumstances): Result<Grant, Fault> {
  const refused = refuseForeignPage(demand, claim, now) ?? refuseBody(demand, claim);
  if (refused !== undefined) return failed(refused);
  if (demand.who === 'anonymous') return ok({ person: now.person, accountId: undefined, role: undefined });
  const { person } = now;
  if (person === undefined) return failed(fault('sign_in_required'));
  const role = roleFor(demand.who, claim, person);
  if (!role.ok) return role;
  if (demand.who === 'operator' && now.operatorsNeedTwoFactor && !person.twoFactor)
    return failed(fault('two_factor_required'));
  if (demand.fresh && !isFreshlySignedIn(person, now.nowMs)) return failed(fault('recent_sign_in_required'));
  const accountId = role.value === undefined ? undefined : claim.accountId;
  return ok({ person, accountId, role: role.value });
}

/**
 * A change must come from our own page: browsers send `Origin` with every request that is no GET, and a program that
 * sends none has no cookie to be misused. A GET changes nothing, but is not answered to foreign pages either.
 */
function refuseForeignPage(demand: Demand, claim: Claim, now: Circumstances): Fault | undefined {
  const foreign = fault('cross_site_request');
  const { fetchSite, origin } = claim;
  const isOwn = origin !== undefined && now.ownOrigins.includes(origin);
  if (demand.method === 'GET') {
    const isForeign = fetchSite === 'cross-site' || fetchSite === 'same-site';
    // Browsers that say nothing of the site still name the origin where a page of another one asks.
    return isForeign || (origin !== undefined && !isOwn) ? foreign : undefined;
  }
  if (fetchSite !== undefined && fetchSite !== 'same-origin') return foreign;
  return isOwn ? undefined : foreign;
}

/** Forms of foreign pages can send three content types, none of them JSON. */
function refuseBody(demand: Demand, claim: Claim): Fault | undefined {
  if (demand.method === 'GET' || (demand.method === 'DELETE' && !claim.hasBody)) return undefined;
  const type = claim.contentType?.split(';', 1)[0]?.trim().toLowerCase();
  return type === 'application/json' ? undefined : fault('unsupported_media_type');
}

function roleFor(
  who: Exclude<Who, 'anonymous'>,
  claim: Claim,
  person: Person,
): Result<MemberRole | undefined, Fault> {
  switch (who) {
    case 'person':
      return ok(undefined);
    case 'operator':
      // To everyone else these addresses do not exist.
      return person.site === 'operator' ? ok(undefined) : failed(fault('not_found'));
    case 'owner':
    case 'admin':
    case 'developer':
    case 'viewer':
      break;
  }
  const own = person.memberships.find(({ accountId }) => accountId === claim.accountId);
  if (own === undefined) return failed(fault('not_found'));
  if (roleCovers(own.role, who)) return ok(own.role);
  const message = `This needs the role "${who}" in this account; yours is "${own.role}".`;
  return failed(fault('permission_denied', { message }));
}
