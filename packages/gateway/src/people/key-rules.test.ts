import { MEMBER_ROLES } from '@switchyard/protocol/console/common.ts';
import { describe, expect, it } from 'vitest';
import { browserKeyId } from '../accounts/browser-key.ts';
import { type KeyAction, refuseKeyAction } from './key-rules.ts';

const ACTIONS = ['see', 'make', 'change', 'rotate', 'revoke'] as const satisfies readonly KeyAction[];

const key = (personId: string | undefined, id = 'key_1') => ({
  id,
  personId,
  scopes: ['inference', 'read'] as const,
});
const KEYS = {
  own: key('me'),
  others: key('you'),
  accounts: key(undefined),
  'own page': key('me', browserKeyId({ accountId: 'acc', personId: 'me' })),
  'other page': key('you', browserKeyId({ accountId: 'acc', personId: 'you' })),
  powerful: { ...key(undefined), scopes: ['admin', 'read'] as const },
};

const ALL = 'yes yes yes yes yes';
const NONE = '403 403 403 403 403';
const UNKNOWN = '404 403 404 404 404';
const ENDS = 'yes yes 403 403 yes';
/** By role and key: what becomes of each action, in the order of `ACTIONS`. */
const EXPECTED: Readonly<Record<(typeof MEMBER_ROLES)[number], Record<keyof typeof KEYS, string>>> = {
  owner: {
    own: ALL,
    others: ALL,
    accounts: ALL,
    'own page': ENDS,
    'other page': ENDS,
    powerful: 'yes 403 403 403 yes',
  },
  admin: {
    own: ALL,
    others: ALL,
    accounts: ALL,
    'own page': ENDS,
    'other page': ENDS,
    powerful: 'yes 403 403 403 yes',
  },
  developer: {
    own: ALL,
    others: UNKNOWN,
    accounts: UNKNOWN,
    'own page': ENDS,
    'other page': UNKNOWN,
    powerful: UNKNOWN,
  },
  viewer: {
    own: NONE,
    others: NONE,
    accounts: NONE,
    'own page': NONE,
    'other page': NONE,
    powerful: NONE,
  },
};

const WORDS = new Map([
  [undefined, 'yes'],
  ['permission_denied', '403'],
  ['not_found', '404'],
]);

describe.each(MEMBER_ROLES)('a member who is %s', (role) => {
  it.each(Object.entries(EXPECTED[role]))('with a key that is %s: %s', (whose, words) => {
    const found = ACTIONS.map((action) => {
      const one = Object.entries(KEYS).find(([name]) => name === whose)?.[1];
      if (one === undefined) throw new Error('no such key');
      return WORDS.get(refuseKeyAction({ personId: 'me', role }, action, one)?.code);
    });
    expect(found.join(' ')).toBe(words);
  });
});
