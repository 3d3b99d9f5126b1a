/**
 * What a change did, for the audit trail: `concurrency 4 -> 8, models all -> m1 m2`. Only of things whose fields are all
 * fit to be shown: no secret is ever part of a key's, node's or account's record.
 */
export function describeChange<Thing extends object>(before: Thing, after: Thing): string {
  const old = new Map<string, unknown>(Object.entries(before));
  return Object.entries(after)
    .flatMap(([name, value]: [string, unknown]) => {
      const [from, to] = [words(old.get(name)), words(value)];
      return from === to ? [] : [`${name} ${from} -> ${to}`];
    })
    .join(', ')
    .slice(0, DETAIL_MAX_CHARS);
}

/** A key may list a thousand models. */
const DETAIL_MAX_CHARS = 2_000;

function words(value: unknown): string {
  if (value === undefined) return 'none';
  if (typeof value === 'string') return value;
  return Array.isArray(value) ? value.join(' ') : JSON.stringify(value);
}
