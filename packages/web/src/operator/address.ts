import { useLocation, useParams, useSearch } from 'wouter';
import { query } from '../api/client.ts';

/** A part of the address, as it was before it was put in. Empty when it is not there or is no text. */
export function useAddressPart(name: string): string {
  const part = useParams()[name] ?? '';
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** Filters that live in the address, so that a view can be shared and the way back works. */
export function useFilters<Name extends string>(path: string, names: readonly Name[]) {
  const search = new URLSearchParams(useSearch());
  const [, go] = useLocation();
  const values = Object.fromEntries(names.map((name) => [name, search.get(name) ?? ''])) as Record<
    Name,
    string
  >;
  /** `replace` while a person types, so that each letter is no step of the way back. */
  const change = (changed: Partial<Record<Name, string>>, options: { replace?: boolean } = {}) =>
    go(path + query({ ...values, ...changed }), options);
  return { values, change };
}
