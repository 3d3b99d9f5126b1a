import type { ApiKey, MemberId, MemberLimits, MemberShare } from './account.ts';
import type { KeyEntry } from './key-directory.ts';

/** Which keys belong to which person, and what those may do together. */
export type MemberIndex = {
  /** Notes a key that is new or was changed. Keys of nobody are passed over. */
  putKey(entry: KeyEntry): void;
  putLimits(limits: MemberLimits): void;
  deleteLimits(member: MemberId): void;
  limits(member: MemberId): MemberLimits | undefined;
  /** Revoked and expired ones are among them. */
  keys(member: MemberId): KeyEntry[];
};

/**
 * Every key of a person with limits carries the same `MemberShare` in its identity, so that a request finds it without a
 * look-up. It is made anew for all of them when a limit changes or a key comes; that costs a step for each of the keys.
 */
export function createMemberIndex(): MemberIndex {
  const keysOf = new Map<string, Set<KeyEntry>>();
  const limitsOf = new Map<string, MemberLimits>();

  function share(id: string): void {
    const entries = keysOf.get(id);
    if (entries === undefined) return;
    const limits = limitsOf.get(id);
    const member: MemberShare | undefined =
      limits === undefined
        ? undefined
        : Object.freeze({ ...limits, id, keyIds: [...entries].map(({ identity }) => identity.key.id) });
    for (const entry of entries) entry.identity = { ...entry.identity, member };
  }

  return {
    putKey(entry) {
      const id = memberIdOf(entry.identity.key);
      if (id === undefined) return;
      const entries = keysOf.get(id) ?? new Set();
      if (entries.has(entry)) return;
      keysOf.set(id, entries.add(entry));
      if (limitsOf.has(id)) share(id);
    },
    putLimits(limits) {
      const id = idOf(limits);
      limitsOf.set(id, limits);
      share(id);
    },
    deleteLimits(member) {
      const id = idOf(member);
      limitsOf.delete(id);
      share(id);
    },
    limits: (member) => limitsOf.get(idOf(member)),
    keys: (member) => [...(keysOf.get(idOf(member)) ?? [])],
  };
}

function memberIdOf({ accountId, personId }: ApiKey): string | undefined {
  return personId === undefined ? undefined : idOf({ accountId, personId });
}

/** Ids of accounts have no slash, so two members never have the same. */
function idOf({ accountId, personId }: MemberId): string {
  return `${accountId}/${personId}`;
}
