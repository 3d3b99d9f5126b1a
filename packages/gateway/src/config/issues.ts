import type { z } from 'zod';
import { unpackIssue } from './fields.ts';
import { nearMiss } from './near-miss.ts';
import type { Path } from './paths.ts';
import { knownKeys } from './schema-walk.ts';

/** A fault of one value, before it is known where that value was written. `part` says which half of a pair it is. */
export type Finding = { path: Path; part: 'key' | 'value'; reason: string; allowed: string | undefined };

/** Says what a zod issue means to a person. The value itself is never repeated: it may be a secret. */
export function findingsOf(issue: z.core.$ZodIssue): Finding[] {
  const path = issue.path.map((step) => (typeof step === 'number' ? step : String(step)));
  const { reason, allowed } = unpackIssue(issue.message);
  const finding = (reason: string, allowed: string | undefined): Finding[] => [
    { path, part: 'value', reason, allowed },
  ];
  switch (issue.code) {
    case 'invalid_type':
      return finding(
        typeReason(issue.input, issue.expected),
        SELF_EXPLAINING.has(issue.expected) ? undefined : allowed,
      );
    case 'invalid_union': {
      const fitting = issue.errors.filter((issues) => !issues.some(isTypeOfAll));
      const [only] = fitting;
      if (only !== undefined && fitting.length === 1) {
        return only.flatMap((inner) => findingsOf({ ...inner, path: [...issue.path, ...inner.path] }));
      }
      return finding(typeReason(issue.input, undefined), allowed);
    }
    case 'invalid_value':
      return finding(absence(issue.input) ?? 'is not one of the known values', allowed);
    case 'too_small':
      return issue.origin === 'array'
        ? finding('is empty', `at least ${issue.minimum}`)
        : finding('is too small', allowed);
    case 'too_big':
      return issue.origin === 'array'
        ? finding('is too long', `at most ${issue.maximum}`)
        : finding('is too large', allowed);
    case 'invalid_format':
      return finding('has the wrong form', allowed);
    case 'invalid_key':
      return [{ path, part: 'key', reason: 'is not a name', allowed: issue.issues[0]?.message }];
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey(path, key));
    case 'custom':
      return finding(reason ?? 'is not valid', allowed);
    case 'invalid_element':
    case 'not_multiple_of':
      break;
  }
  return finding('is not valid', undefined);
}

/** Whether an option of a union refused the value by its type: then the faults of the other options are the true ones. */
function isTypeOfAll(issue: z.core.$ZodIssue): boolean {
  return issue.code === 'invalid_type' && issue.path.length === 0;
}

/** The reason says all there is to say about these. */
const SELF_EXPLAINING: ReadonlySet<string> = new Set(['object', 'record', 'array', 'boolean']);

const EXPECTED: Record<string, string> = {
  object: 'an object (key: value)',
  record: 'an object (key: value)',
  array: 'a list',
  boolean: 'true or false',
  string: 'text',
  number: 'a number',
  int: 'a whole number',
};

function typeReason(input: unknown, expected: string | undefined): string {
  const absent = absence(input);
  if (absent !== undefined) return absent;
  const found = typeName(input);
  if (expected === 'int' && found === 'a number') return 'is not a whole number';
  const wanted = expected === undefined ? undefined : EXPECTED[expected];
  return wanted === undefined ? `is ${found}` : `must be ${wanted}, is ${found}`;
}

function absence(input: unknown): string | undefined {
  if (input === undefined) return 'is missing';
  return input === null ? 'has no value' : undefined;
}

function typeName(input: unknown): string {
  if (Array.isArray(input)) return 'a list';
  if (typeof input === 'object') return 'an object';
  if (typeof input === 'string') return 'text';
  return typeof input === 'boolean' ? 'true or false' : 'a number';
}

const SECRET_KEY = /(?:^|_)(?:key|apikey|token|secret|password|passwd|credential)s?$/i;

function unknownKey(parent: Path, key: string): Finding {
  const known = knownKeys(parent);
  const path = [...parent, key];
  const references = known.filter((name) => name.endsWith('_env') || name.endsWith('_file'));
  if (SECRET_KEY.test(key) && references.length > 0) {
    return {
      path,
      part: 'key',
      reason:
        'is a secret in the file itself; files are copied, shown and committed, so only a reference is taken',
      allowed: `${references.join(' or ')}: where the secret is found`,
    };
  }
  const near = nearMiss(key, known);
  const allowed = near === undefined ? known.join(', ') : `did you mean ${near}?`;
  return { path, part: 'key', reason: 'is not a known key', allowed };
}
