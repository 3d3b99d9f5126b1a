/**
 * What a change did, for the audit trail: `concurrency 4 -> 8, models all -> m1 m2`. Only of things whose fields are all
 * fit to be shown: no secret is ever part of a key's, node's or account's record. The trail outlives people and accounts, so
 * what a person called a thing is not in it.
 */
export function describeChange<Thing extends object>(before: Thing, after: Thing): string {
  const old = new Map<string, unknown>(Object.entries(before));
  return Object.entries(after)
    .flatMap(([name, value]: [string, unknown]) => {
      const [from, to] = [words(old.get(name)), words(value)];
      if (from === to) return [];
      return [NAMES.has(name) ? `another ${name}` : `${name} ${from} -> ${to}`];
    })
    .join(', ')
    .slice(0, DETAIL_MAX_CHARS);
}

/** Fields that people write what they like into. */
const NAMES: ReadonlySet<string> = new Set(['name']);

/** A key may list a thousand models. */
const DETAIL_MAX_CHARS = 2_000;

function words(value: unknown): string {
  if (value === undefined) return 'none';
  if (typeof value === 'string') return value;
  return Array.isArray(value) ? value.join(' ') : JSON.stringify(value);
}
