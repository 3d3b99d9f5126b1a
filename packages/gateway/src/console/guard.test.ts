import { MEMBER_ROLES, type MemberRole } from '@switchyard/protocol/console/common.ts';
import { describe, expect, it } from 'vitest';
import { type Circumstances, type Claim, decideAccess, type Demand } from './guard.ts';
import { FRESH_SIGN_IN_MS, type Person } from '../people/person.ts';

const NOW_MS = 1_000_000_000;
const OWN = 'https://ai.example.com';

const person = (change: Partial<Person> = {}): Person => ({
  id: 'p1',
  email: 'p@example.com',
  name: 'P',
  emailVerified: true,
  site: 'person',
  twoFactor: false,
  wallets: [],
  memberships: [{ accountId: 'acc_1', role: 'developer' }],
  signedInAtMs: NOW_MS,
  ...change,
});
const demand = (change: Partial<Demand> = {}): Demand => ({
  method: 'POST',
  who: 'viewer',
  fresh: false,
  ...change,
});
const claim = (change: Partial<Claim> = {}): Claim => ({
  origin: OWN,
  fetchSite: 'same-origin',
  contentType: 'application/json',
  hasBody: true,
  accountId: 'acc_1',
  ...change,
});
const now = (change: Partial<Circumstances> = {}): Circumstances => ({
  ownOrigins: [OWN],
  person: person(),
  nowMs: NOW_MS,
  operatorsNeedTwoFactor: true,
  ...change,
});

function decide(asked: Partial<Demand>, claimed: Partial<Claim> = {}, given: Partial<Circumstances> = {}) {
  const access = decideAccess(demand(asked), claim(claimed), now(given));
  return access.ok ? 'in' : access.error.code;
}

describe('a page of another site', () => {
  it.each([
    ['our own page', {}, 'in'],
    ['another origin', { origin: 'https://evil.example' }, 'cross_site_request'],
    ['a subdomain of ours', { origin: 'https://x.ai.example.com' }, 'cross_site_request'],
    ['our host on another port', { origin: `${OWN}:8443` }, 'cross_site_request'],
    ['our host without TLS', { origin: 'http://ai.example.com' }, 'cross_site_request'],
    ['an opaque origin', { origin: 'null' }, 'cross_site_request'],
    ['no origin', { origin: undefined }, 'cross_site_request'],
    ['a browser that says same-site', { fetchSite: 'same-site' }, 'cross_site_request'],
    ['a browser that says cross-site', { fetchSite: 'cross-site' }, 'cross_site_request'],
    ['a browser that says nothing', { fetchSite: undefined }, 'in'],
    ['a form', { contentType: 'application/x-www-form-urlencoded' }, 'unsupported_media_type'],
    ['text that looks like JSON', { contentType: 'text/plain' }, 'unsupported_media_type'],
    ['no content type', { contentType: undefined }, 'unsupported_media_type'],
    ['JSON with a charset', { contentType: 'Application/JSON; charset=utf-8' }, 'in'],
  ] as const)('%s: a change', (_name, claimed, expected) => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'] as const)
      expect(decide({ method }, claimed)).toBe(expected);
  });

  it.each([
    [{ origin: undefined, contentType: undefined, fetchSite: undefined }, 'in'],
    [{ fetchSite: 'none' }, 'in'],
    [{ fetchSite: 'cross-site' }, 'cross_site_request'],
    [{ fetchSite: undefined, origin: 'https://evil.example' }, 'cross_site_request'],
    [{ fetchSite: undefined, origin: 'null' }, 'cross_site_request'],
  ] as const)('reading with %j: %s', (claimed, expected) => {
    expect(decide({ method: 'GET' }, claimed)).toBe(expected);
  });

  it('may delete without a body, but not with one that is no JSON', () => {
    expect(decide({ method: 'DELETE' }, { hasBody: false, contentType: undefined })).toBe('in');
    expect(decide({ method: 'DELETE' }, { hasBody: true, contentType: undefined })).toBe(
      'unsupported_media_type',
    );
  });
});

describe('who', () => {
  it('is asked to sign in before anything else is said', () => {
    for (const who of ['person', 'operator', ...MEMBER_ROLES] as const)
      expect(decide({ who }, {}, { person: undefined })).toBe('sign_in_required');
    expect(decide({ who: 'anonymous' }, {}, { person: undefined })).toBe('in');
  });

  it('sees no account of others, and no operator pages', () => {
    expect(decide({ who: 'viewer' }, { accountId: 'acc_2' })).toBe('not_found');
    expect(decide({ who: 'viewer' }, { accountId: undefined })).toBe('not_found');
    expect(decide({ who: 'operator' })).toBe('not_found');
    // An operator is no member of everything.
    const operator = person({ site: 'operator', twoFactor: true });
    expect(decide({ who: 'viewer' }, { accountId: 'acc_2' }, { person: operator })).toBe('not_found');
  });

  it('has the rights of the own role and of those below it', () => {
    const lets = (role: MemberRole) =>
      MEMBER_ROLES.filter(
        (who) =>
          decide({ who }, {}, { person: person({ memberships: [{ accountId: 'acc_1', role }] }) }) === 'in',
      );
    expect(lets('owner')).toEqual(['owner', 'admin', 'developer', 'viewer']);
    expect(lets('admin')).toEqual(['admin', 'developer', 'viewer']);
    expect(lets('developer')).toEqual(['developer', 'viewer']);
    expect(lets('viewer')).toEqual(['viewer']);
    expect(decide({ who: 'owner' })).toBe('permission_denied');
  });

  it('is an operator with a second factor only', () => {
    const operator = person({ site: 'operator' });
    expect(decide({ who: 'operator' }, {}, { person: operator })).toBe('two_factor_required');
    expect(decide({ who: 'operator' }, {}, { person: { ...operator, twoFactor: true } })).toBe('in');
    expect(decide({ who: 'operator' }, {}, { person: operator, operatorsNeedTwoFactor: false })).toBe('in');
  });

  it('has signed in lately, where that matters', () => {
    const signedInAtMs = NOW_MS - FRESH_SIGN_IN_MS - 1;
    expect(decide({ fresh: true }, {}, { person: person({ signedInAtMs }) })).toBe('recent_sign_in_required');
    expect(decide({ fresh: true }, {}, { person: person({ signedInAtMs: signedInAtMs + 1 }) })).toBe('in');
    expect(decide({ fresh: false }, {}, { person: person({ signedInAtMs }) })).toBe('in');
  });
});
