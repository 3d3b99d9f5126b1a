import { posix } from 'node:path';
import { codeOf, lineAt, textWithoutComments, type RepositoryFile } from './repository.ts';

/** One import, export-from or `import()` of a file. `isTypeOnly` is true when nothing of it is left at run time. */
export type ImportStatement = { specifier: string; line: number; isTypeOnly: boolean };

const fromClause = /\bfrom\s*(['"])([^'"\n]+)\1/g;
const sideEffect = /(?<=^|[;\n])\s*import\s*(['"])([^'"\n]+)\1/g;
const dynamicImport = /\bimport\s*\(\s*(['"])([^'"\n]+)\1/g;

/** Every import of a source file, types included. Text inside strings and comments does not count. */
export function importsOf(file: RepositoryFile): ImportStatement[] {
  const text = textWithoutComments(file);
  const code = codeOf(file);
  const found: ImportStatement[] = [];
  for (const pattern of [fromClause, sideEffect, dynamicImport]) {
    for (const match of text.matchAll(pattern)) {
      const keyword = match.index + match[0].search(/\S/);
      if (code[keyword] === ' ') continue;
      const isTypeOnly = pattern === fromClause && startsAsType(code, match.index);
      found.push({ specifier: match[2] ?? '', line: lineAt(text, keyword), isTypeOnly });
    }
  }
  return found;
}

/** Looks back from `from` to the keyword that opened the statement. */
function startsAsType(code: string, fromIndex: number): boolean {
  const before = code.slice(0, fromIndex);
  const opening = Math.max(before.lastIndexOf('import'), before.lastIndexOf('export'));
  return /^(import|export)\s+type\b/.test(before.slice(opening));
}

/** The path that a relative import means, from the root of the repository. */
export function resolveRelative(fromPath: string, specifier: string): string {
  return posix.normalize(posix.join(posix.dirname(fromPath), specifier));
}
