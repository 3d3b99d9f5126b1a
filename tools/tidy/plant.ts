import type { Repository, RepositoryFile, Rule } from './repository.ts';

/** A repository of the given files, for a rule's own test. */
export function plant(texts: Record<string, string>, executable: readonly string[] = []): Repository {
  const files = Object.entries(texts).map(([path, text]): RepositoryFile => ({
    path,
    text,
    isExecutable: executable.includes(path),
  }));
  return { files };
}

/** The findings of one rule as `path:line message`, the form the tests compare. */
export function findingsOf(
  rule: Rule,
  texts: Record<string, string>,
  executable?: readonly string[],
): string[] {
  return rule
    .check(plant(texts, executable))
    .map(({ path, line, message }) => `${path}${line === undefined ? '' : `:${line}`} ${message}`);
}
