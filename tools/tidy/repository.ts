import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { blankComments, blankCommentsAndStrings } from './source-text.ts';

/** One file of the repository as the rules see it. `path` is relative to the root and uses `/`. */
export type RepositoryFile = {
  path: string;
  text: string;
  isExecutable: boolean;
};

export type Repository = {
  files: readonly RepositoryFile[];
  /** Paths of what is no text, such as pictures: pages link to them, no rule reads them. */
  others?: readonly string[];
};

/** What a rule found. A warning is shown and does not fail the run. `line` counts from 1. */
export type Finding = { path: string; line?: number; message: string; level: 'error' | 'warning' };

export type Rule = { name: string; check(repository: Repository): Finding[] };

const largestReadBytes = 2 * 1024 * 1024;

/** Reads every text file that git knows or would take; ignored files are left out. */
export function readRepository(root: string): Repository {
  const listing = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  const paths = [...new Set(listing.split('\0').filter((path) => path !== ''))].sort();
  const files = paths.flatMap((path) => readOne(root, path));
  const read = new Set(files.map(({ path }) => path));
  return { files, others: paths.filter((path) => !read.has(path) && existsSync(join(root, path))) };
}

/** Empty for what is no text: deleted since the listing, a link, too large, or holding a zero byte. */
function readOne(root: string, path: string): RepositoryFile[] {
  const status = statSync(join(root, path), { throwIfNoEntry: false });
  if (status === undefined || !status.isFile() || status.size > largestReadBytes) return [];
  const bytes = readFileSync(join(root, path));
  if (bytes.includes(0)) return [];
  return [{ path, text: bytes.toString('utf8'), isExecutable: (status.mode & 0o100) !== 0 }];
}

const codeCache = new WeakMap<RepositoryFile, string>();
const importCache = new WeakMap<RepositoryFile, string>();

/** The text with comments and the insides of strings blanked: what is left is code. Positions stay the same. */
export function codeOf(file: RepositoryFile): string {
  return cached(codeCache, file, blankCommentsAndStrings);
}

/** The text with only comments blanked. */
export function textWithoutComments(file: RepositoryFile): string {
  return cached(importCache, file, blankComments);
}

function cached(
  cache: WeakMap<RepositoryFile, string>,
  file: RepositoryFile,
  make: (text: string) => string,
): string {
  const known = cache.get(file);
  if (known !== undefined) return known;
  const made = make(file.text);
  cache.set(file, made);
  return made;
}

export function isSource(path: string): boolean {
  return /\.(ts|tsx|mts|mjs|js)$/.test(path) && !path.endsWith('.d.ts');
}

/** Tests, and the files beside them that only tests use (`testing-….ts`). */
export function isTest(path: string): boolean {
  return /(\.test|(^|\/)testing-[\w-]+)\.tsx?$/.test(path) || path.startsWith('e2e/');
}

export function lineAt(text: string, index: number): number {
  let line = 1;
  for (let position = text.indexOf('\n'); position !== -1 && position < index; line += 1) {
    position = text.indexOf('\n', position + 1);
  }
  return line;
}

/** Every match of `pattern` (which needs the flag g), with its line. */
export function* matchesIn(
  text: string,
  pattern: RegExp,
): Generator<{ match: RegExpExecArray; line: number }> {
  for (const match of text.matchAll(pattern)) yield { match, line: lineAt(text, match.index) };
}
