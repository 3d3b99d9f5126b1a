import { useSearchParams } from 'wouter';

/**
 * Filters that live in the address, so that a view can be shared and the way back works. Those of other parts of the page
 * stay as they are; an empty one is not there.
 */
export function useFilters<Name extends string>(names: readonly Name[]) {
  const [search, setSearch] = useSearchParams();
  const values = Object.fromEntries(names.map((name) => [name, search.get(name) ?? ''])) as Record<
    Name,
    string
  >;
  /** `replace` while a person types, so that each letter is no step of the way back. */
  const change = (changed: Partial<Record<Name, string>>, options: { replace?: boolean } = {}) =>
    setSearch((before) => {
      const after = new URLSearchParams(before);
      for (const [name, value] of Object.entries<string | undefined>(changed)) {
        if (value === undefined || value === '') after.delete(name);
        else after.set(name, value);
      }
      return after;
    }, options);
  return { values, change };
}
