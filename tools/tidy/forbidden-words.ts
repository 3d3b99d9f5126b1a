import { matchesIn, type Finding, type Repository, type Rule } from './repository.ts';

/** The patterns are joined from pieces, so that this file does not contain what it looks for. */
const pattern = (...pieces: string[]): RegExp => new RegExp(pieces.join(''), 'g');

type Word = { pattern: RegExp; why: string };

const words: readonly Word[] = [
  {
    pattern: pattern('(?<![\\w.])/(wo', 'rk|fa', 'rm|ro', 'ot)/'),
    why: 'a path of one machine',
  },
  { pattern: pattern('(?<![\\w.}])/t', 'mp/'), why: 'a path of one machine; use os.tmpdir()' },
  {
    pattern: pattern('npm', 'js\\.(org|com)|py', 'pi\\.org|deb\\.deb', 'ian|proxy\\.gol', 'ang'),
    why: 'the host of a package registry; that is the setting of whoever installs',
  },
  {
    pattern: pattern('\\b(TO', 'DO|FIX', 'ME|XX', 'X|HA', 'CK)\\b'),
    why: 'an unfinished mark: finish it or leave it out',
  },
  {
    pattern: pattern('\\b(it|test|describe)\\.(sk', 'ip|on', 'ly|to', 'do)\\b'),
    why: 'a test that is switched off, or one that switches off the others',
  },
  {
    pattern: pattern('@ts-(ig', 'nore|no', 'check)|(ox', 'lint|es', 'lint)-dis', 'able'),
    why: 'a check that is switched off: mend the cause',
  },
];

const isGenerated = (path: string): boolean =>
  path === 'package-lock.json' || /\/(models|__fixtures__)\//.test(path);

/** Words that must not be in the repository at all. */
export const forbiddenWords: Rule = {
  name: 'forbidden-words',
  check: (repository: Repository): Finding[] =>
    repository.files
      .filter((file) => !isGenerated(file.path))
      .flatMap((file) =>
        words.flatMap((word) =>
          [...matchesIn(file.text, word.pattern)].map(({ match, line }) => ({
            path: file.path,
            line,
            level: 'error' as const,
            message: `${match[0]}: ${word.why}`,
          })),
        ),
      ),
};
