import { posix } from 'node:path';
import { matchesIn, type Finding, type Repository, type RepositoryFile, type Rule } from './repository.ts';

/** Files that are found without a link: people and tools look for these names. */
const isFoundByName = (path: string): boolean => !path.includes('/') || path.endsWith('/README.md');

const link = /(?<!!)\[[^\]]*\]\(\s*<?([^)\s>]+)>?[^)]*\)|!\[[^\]]*\]\(\s*<?([^)\s>]+)>?[^)]*\)/g;

/** Relative links to files or headings that do not exist, and pages that nothing links to. */
export const markdown: Rule = {
  name: 'markdown',
  check(repository: Repository): Finding[] {
    const pages = repository.files.filter((file) => file.path.endsWith('.md'));
    const known = new KnownPaths(repository);
    const linked = new Set<string>();
    const broken = pages.flatMap((page) => brokenLinks(page, known, linked));
    const lost = pages.filter((page) => !isFoundByName(page.path) && !linked.has(page.path));
    return [
      ...broken,
      ...lost.map(({ path }): Finding => ({ path, level: 'error', message: 'no other page links to it' })),
    ];
  },
};

/** Files by path with the anchors of pages, and the folders above them. */
class KnownPaths {
  readonly folders = new Set<string>();
  readonly anchors = new Map<string, Set<string>>();

  constructor(repository: Repository) {
    for (const path of repository.others ?? []) this.anchors.set(path, new Set());
    for (const file of repository.files) {
      this.anchors.set(file.path, file.path.endsWith('.md') ? headingAnchors(file.text) : new Set());
      for (let folder = posix.dirname(file.path); folder !== '.'; folder = posix.dirname(folder)) {
        this.folders.add(folder);
      }
    }
  }
}

function brokenLinks(page: RepositoryFile, known: KnownPaths, linked: Set<string>): Finding[] {
  const findings: Finding[] = [];
  for (const { match, line } of matchesIn(blankCodeBlocks(page.text), link)) {
    const target = match[1] ?? match[2] ?? '';
    if (/^[a-z][a-z0-9+.-]*:|^\/\//i.test(target)) continue;
    const [pathPart = '', anchor] = target.split('#', 2);
    const path =
      pathPart === ''
        ? page.path
        : posix.normalize(posix.join(posix.dirname(page.path), decodeURI(pathPart))).replace(/\/$/, '');
    const report = (message: string): number =>
      findings.push({ path: page.path, line, level: 'error', message });
    const anchors = known.anchors.get(path);
    if (anchors === undefined) {
      if (path !== '.' && !known.folders.has(path)) report(`link to ${target}: there is no such file`);
      continue;
    }
    if (path !== page.path) linked.add(path);
    if (anchor !== undefined && path.endsWith('.md') && !anchors.has(anchor)) {
      report(`link to ${target}: there is no such heading`);
    }
  }
  return findings;
}

/** The anchors that code hosts give to headings: lower case, punctuation dropped, spaces as dashes. */
function headingAnchors(text: string): Set<string> {
  const anchors = new Set<string>();
  const seen = new Map<string, number>();
  for (const { match } of matchesIn(blankCodeBlocks(text, { inline: false }), /^#{1,6}\s+(.+?)\s*#*$/gm)) {
    const words = (match[1] ?? '').replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').replace(/[`*]/g, '');
    const slug = words
      .toLowerCase()
      .replace(/[^\p{L}\p{N}_\- ]/gu, '')
      .replace(/ /g, '-');
    const count = seen.get(slug) ?? 0;
    seen.set(slug, count + 1);
    anchors.add(count === 0 ? slug : `${slug}-${count}`);
  }
  return anchors;
}

/** Blanks fenced blocks and, unless told otherwise, inline code, keeping the lines. */
function blankCodeBlocks(text: string, { inline } = { inline: true }): string {
  const blank = (found: string): string => found.replace(/[^\n]/g, ' ');
  const fenced = text.replace(/^(```+|~~~+)[^\n]*\n[\s\S]*?^\1[^\n]*$/gm, blank);
  return inline ? fenced.replace(/`[^`\n]*`/g, blank) : fenced;
}
