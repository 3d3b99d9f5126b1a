import { readFileSync, statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import type { ValueSource } from './config.ts';
import type { Finding } from './issues.ts';
import type { Environment } from './overrides.ts';
import { formatPath, isRecord, valueAt } from './paths.ts';
import type { Path } from './paths.ts';
import { secret } from './secret.ts';
import type { Secret } from './secret.ts';

/** One reference of the file to a secret, looked up. `value` is undefined when it is missing and may be. */
export type ResolvedSecret = {
  /** Where the reference stands: `upstreams.main.api_key_env`. */
  reference: Path;
  /** What it gives: `upstreams.main.api_key`. */
  target: Path;
  /** Tells it from others in logs: the variable, or the name of its file. Never a part of the secret. */
  name: string;
  value: Secret | undefined;
  /** Undefined: it came from a file of its own. */
  source: Extract<ValueSource, { kind: 'environment' }> | undefined;
};

export type SecretSearch = {
  environment: Environment;
  /** The folder that `api_key_file` starts from. */
  folder: string;
};

const FILE_MAX_BYTES = 16 * 1024;
const FORM = 'printable ASCII without spaces, at most 4096 characters';
const NAME_MAX_CHARS = 64;
const VARIABLE = /^[A-Z][A-Z0-9_]{0,127}$/;

/**
 * Looks up every secret that the raw file refers to. A missing one is a problem, or only a warning where its upstream
 * is optional. No finding shows any part of a secret.
 */
export function resolveSecrets(
  root: unknown,
  search: SecretSearch,
): { secrets: ResolvedSecret[]; problems: Finding[]; warnings: Finding[] } {
  const secrets: ResolvedSecret[] = [];
  const problems: Finding[] = [];
  const warnings: Finding[] = [];
  for (const wanted of references(root)) {
    const name = valueAt(root, wanted.reference);
    if (typeof name !== 'string' || (wanted.from === 'environment' && !VARIABLE.test(name))) continue;
    const found = wanted.from === 'environment' ? fromEnvironment(name, search) : fromFile(name, search);
    const source = wanted.from === 'environment' ? ({ kind: 'environment', name } as const) : undefined;
    const shortName = basename(name).slice(0, NAME_MAX_CHARS);
    const { reference, target } = wanted;
    secrets.push({ reference, target, name: shortName, value: found.value, source });
    if (found.value !== undefined) continue;
    const { reason, allowed } = found;
    const skipped = wanted.optional && found.missing;
    if (!skipped) problems.push({ path: reference, part: 'value', reason, allowed });
    else {
      const effect = wanted.isOneOfSeveral ? 'the key is left out' : 'the upstream is switched off';
      warnings.push({ path: reference, part: 'value', reason: `${reason}; ${effect}`, allowed: undefined });
    }
  }
  return { secrets, problems, warnings };
}

type Reference = {
  reference: Path;
  target: Path;
  from: 'environment' | 'file';
  optional: boolean;
  isOneOfSeveral: boolean;
};

/** The four ways to the keys of an upstream. */
export const API_KEY_FIELDS = ['api_key_env', 'api_key_file', 'api_keys_env', 'api_keys_file'] as const;

const TOKEN_OWNERS: readonly { owner: Path; field: string }[] = [
  { owner: ['server', 'metrics'], field: 'token' },
  { owner: ['safety', 'classifier'], field: 'token' },
  { owner: ['people'], field: 'secret' },
  { owner: ['people', 'smtp'], field: 'password' },
  { owner: ['people', 'oauth', 'github'], field: 'client_secret' },
  { owner: ['people', 'oauth', 'google'], field: 'client_secret' },
];

function references(root: unknown): Reference[] {
  const found: Reference[] = [];
  const oidc = valueAt(root, ['people', 'oauth', 'oidc']);
  const oidcOwners = (isRecord(oidc) ? Object.keys(oidc) : []).map((name) => ({
    owner: ['people', 'oauth', 'oidc', name],
    field: 'client_secret',
  }));
  for (const { owner, field } of [...TOKEN_OWNERS, ...oidcOwners]) {
    if (valueAt(root, [...owner, `${field}_env`]) === undefined) continue;
    found.push({
      reference: [...owner, `${field}_env`],
      target: [...owner, field],
      from: 'environment',
      optional: false,
      isOneOfSeveral: false,
    });
  }
  const upstreams = valueAt(root, ['upstreams']);
  if (!isRecord(upstreams)) return found;
  for (const [name, upstream] of Object.entries(upstreams)) {
    if (!isRecord(upstream)) continue;
    const path: Path = ['upstreams', name];
    const optional = upstream['optional'] === true;
    for (const key of API_KEY_FIELDS) {
      const from = key.endsWith('_env') ? 'environment' : 'file';
      const value = Object.hasOwn(upstream, key) ? upstream[key] : undefined;
      if (Array.isArray(value)) {
        for (const index of value.keys()) {
          const reference = [...path, key, index];
          const target = [...path, 'api_keys', index];
          found.push({ reference, target, from, optional, isOneOfSeveral: true });
        }
      } else if (value !== undefined) {
        const target = [...path, 'api_key'];
        found.push({ reference: [...path, key], target, from, optional, isOneOfSeveral: false });
      }
    }
  }
  return found;
}

type Found =
  | { value: Secret }
  | { value: undefined; missing: boolean; reason: string; allowed: string | undefined };

function fromEnvironment(name: string, search: SecretSearch): Found {
  const text = Object.hasOwn(search.environment, name) ? search.environment[name]?.trim() : undefined;
  if (text === undefined || text === '') {
    const state = text === undefined ? 'not set' : 'empty';
    return absent(
      `the environment variable ${name} is ${state}`,
      'a variable that holds the key, or optional: true',
    );
  }
  return checked(text, `the environment variable ${name}`);
}

function fromFile(name: string, search: SecretSearch): Found {
  const path = resolve(search.folder, name);
  let text: string;
  try {
    if (statSync(path).size > FILE_MAX_BYTES) return unfit('the file is too large for a key');
    text = readFileSync(path, 'utf8').trim();
  } catch {
    return absent('the file cannot be read', 'a file that holds the key, or optional: true');
  }
  if (text === '') return absent('the file is empty', 'a file that holds the key, or optional: true');
  return checked(text, 'the file');
}

function checked(text: string, where: string): Found {
  return /^[\x21-\x7e]{1,4096}$/.test(text) ? { value: secret(text) } : unfit(`${where} holds no usable key`);
}

function absent(reason: string, allowed: string): Found {
  return { value: undefined, missing: true, reason, allowed };
}

function unfit(reason: string): Found {
  return { value: undefined, missing: false, reason, allowed: FORM };
}

/** The secret that a reference gave, by the path of what it is for. */
export function secretFor(secrets: readonly ResolvedSecret[], target: Path): Secret | undefined {
  const wanted = formatPath(target);
  return secrets.find((entry) => formatPath(entry.target) === wanted)?.value;
}

/** The secrets that were found for anything below a path, in the order of the file, each with its name. */
export function secretsBelow(
  secrets: readonly ResolvedSecret[],
  parent: Path,
): { name: string; secret: Secret }[] {
  const start = `${formatPath(parent)}.`;
  return secrets.flatMap(({ target, name, value }) =>
    value !== undefined && formatPath(target).startsWith(start) ? [{ name, secret: value }] : [],
  );
}
