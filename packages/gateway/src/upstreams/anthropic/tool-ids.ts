const SAFE = /^[a-zA-Z0-9_-]+$/;
const MARK = 'swy_';

/** Gives calls of a conversation ids that the API takes. */
export type CallIds = {
  /** The id for a new call; `id` is the client's. */
  take(id: string): string;
};

/**
 * The API takes letters, digits, `_` and `-` in ids of calls, and each id once. Ids that fit stay as they are, others
 * are written in base64url behind a mark, so that two that differ still differ; one that an earlier call had already
 * gets a number. The same conversation always gets the same ids: the provider's cache goes by them.
 */
export function createCallIds(): CallIds {
  const taken = new Set<string>();
  return {
    take(id) {
      const safe = safeId(id);
      let unique = safe;
      for (let count = 2; taken.has(unique); count += 1) unique = `${safe}-${count}`;
      taken.add(unique);
      return unique;
    },
  };
}

function safeId(id: string): string {
  if (SAFE.test(id) && !id.startsWith(MARK)) return id;
  return MARK + Buffer.from(id).toString('base64url');
}
