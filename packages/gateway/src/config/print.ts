import type { EffectiveValue, LoadedConfig, ValueSource } from './config.ts';

/**
 * The effective configuration for people: one line per value, with where it came from.
 * `server.port = 8080    # default`. Secrets are `***`.
 */
export function printConfig(loaded: LoadedConfig): string {
  const rows = loaded.effective.map((entry) => ({
    left: `${entry.path} = ${shown(entry)}`,
    source: describeSource(entry.source, loaded.file),
  }));
  const width = Math.min(72, Math.max(0, ...rows.map((row) => row.left.length)));
  return rows.map((row) => `${row.left.padEnd(width)}  # ${row.source}\n`).join('');
}

/** The same as JSON: `{ "server.port": { "value": 8080, "source": "default" } }`. */
export function printConfigJson(loaded: LoadedConfig): string {
  const entries = loaded.effective.map(
    (entry) =>
      [entry.path, { value: entry.value, source: describeSource(entry.source, loaded.file) }] as const,
  );
  return `${JSON.stringify(Object.fromEntries(entries), undefined, 2)}\n`;
}

/** The same as rows, for the operator's pages. */
export function printedValues(loaded: LoadedConfig): PrintedValue[] {
  return loaded.effective.map((entry) => ({
    path: entry.path,
    value: shown(entry),
    source: describeSource(entry.source, loaded.file),
  }));
}

export type PrintedValue = { path: string; value: string; source: string };

function shown(entry: EffectiveValue): string {
  if (entry.value === null) return '(not set)';
  return typeof entry.value === 'string' ? entry.value : JSON.stringify(entry.value);
}

function describeSource(source: ValueSource, file: string): string {
  switch (source.kind) {
    case 'default':
      return 'default';
    case 'file':
      return `${file}:${source.line}`;
    case 'environment':
      return `environment ${source.name}`;
    case 'command-line':
      break;
  }
  return 'command line';
}
