import type { Path } from './paths.ts';
import { formatPath, isRecord } from './paths.ts';
import type { ValueSource } from './config.ts';

/** Variables of the environment by name, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What the command line may set. It wins over the environment, which wins over the file. */
export type Overrides = {
  host?: string | undefined;
  port?: string | number | undefined;
  dataDir?: string | undefined;
  logLevel?: string | undefined;
};

type Override = { path: Path; environment: string; option: keyof Overrides; whole?: boolean };

/** The values that can be set without touching the file. Documented in docs/configuration.md, which a test compares. */
export const OVERRIDES: readonly Override[] = [
  { path: ['server', 'host'], environment: 'SWITCHYARD_HOST', option: 'host' },
  { path: ['server', 'port'], environment: 'SWITCHYARD_PORT', option: 'port', whole: true },
  { path: ['data', 'dir'], environment: 'SWITCHYARD_DATA_DIR', option: 'dataDir' },
  { path: ['logging', 'level'], environment: 'SWITCHYARD_LOG_LEVEL', option: 'logLevel' },
];

/** Names the file, when the command line does not. */
export const CONFIG_FILE_VARIABLE = 'SWITCHYARD_CONFIG';

export type OverriddenValues = ReadonlyMap<
  string,
  Extract<ValueSource, { kind: 'environment' | 'command-line' }>
>;

/**
 * Puts the overrides into the raw file, so that the one schema judges them too, and says which paths they replaced.
 * An empty variable counts as not set: that is how compose files pass on what nobody has set.
 */
export function applyOverrides(
  root: Record<string, unknown>,
  given: { environment: Environment; overrides: Overrides },
): OverriddenValues {
  const replaced = new Map<string, Extract<ValueSource, { kind: 'environment' | 'command-line' }>>();
  for (const override of OVERRIDES) {
    const fromEnvironment = given.environment[override.environment];
    const fromCommand = given.overrides[override.option];
    const value = fromCommand ?? (fromEnvironment === '' ? undefined : fromEnvironment);
    if (value === undefined) continue;
    if (!set(root, override.path, override.whole === true ? wholeNumber(value) : value)) continue;
    replaced.set(
      formatPath(override.path),
      fromCommand === undefined
        ? { kind: 'environment', name: override.environment }
        : { kind: 'command-line' },
    );
  }
  return replaced;
}

/** Text that is a whole number becomes one; other text stays, and the schema refuses it. */
function wholeNumber(value: string | number): string | number {
  return typeof value === 'string' && /^\d{1,10}$/.test(value) ? Number(value) : value;
}

/** False when the file has something else than an object on the way; the schema reports that. */
function set(root: Record<string, unknown>, path: Path, value: unknown): boolean {
  let here = root;
  for (const step of path.slice(0, -1)) {
    const next = Object.hasOwn(here, step) ? here[step] : (here[step] = Object.create(null) as unknown);
    if (!isRecord(next)) return false;
    here = next;
  }
  here[path.at(-1) ?? ''] = value;
  return true;
}
