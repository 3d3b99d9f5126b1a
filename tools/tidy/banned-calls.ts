import {
  codeOf,
  isSource,
  isTest,
  matchesIn,
  type Finding,
  type Repository,
  type Rule,
} from './repository.ts';

type Ban = {
  /** Matched against code without comments and strings. Needs the flag g. */
  pattern: RegExp;
  /** Where the ban holds. */
  within: RegExp;
  /** Where it does not, inside of that. */
  except?: RegExp;
  /** Whether tests are free to do it. */
  allowedInTests: boolean;
  why: string;
};

const gateway = /^packages\/gateway\/src\//;
const clockOwners = /^packages\/gateway\/src\/(core\/clock\.ts$|testing\/)/;

const bans: readonly Ban[] = [
  {
    pattern: /\b(Date\.now|performance\.now|Math\.random)\b|\bnew Date\(\s*\)/g,
    within: gateway,
    except: clockOwners,
    allowedInTests: false,
    why: 'take a Clock or a RandomSource, so that simulations can control it',
  },
  {
    pattern: /(?<![.\w])(setTimeout|setInterval)\s*\(|\bnode:timers\b/g,
    within: gateway,
    except: clockOwners,
    allowedInTests: false,
    why: 'take a Clock, so that simulations can control it',
  },
  {
    pattern: /\bprocess\s*\.\s*env\b/g,
    within: /^packages\//,
    // The launcher in bin/ sets what Node itself reads at its start.
    except: /^packages\/(gateway\/(src\/config|bin)\/|connector\/src\/config(\.ts$|\/))/,
    allowedInTests: true,
    why: 'only config reads the environment',
  },
  {
    pattern: /\bconsole\s*\./g,
    within: /^packages\//,
    allowedInTests: true,
    why: 'write through the logger, or to process.stdout in a command',
  },
  {
    pattern: /(?<![.\w])fetch\s*\(/g,
    within: gateway,
    allowedInTests: true,
    why: 'use the undici pool: fetch costs five times as much and follows redirects',
  },
  {
    pattern: /\bas any\b|[:<,|]\s*any\b(?!\s*[.(:'?])/g,
    within: /^(packages|tools|bench|e2e)\//,
    allowedInTests: false,
    why: 'any switches the checks off; use unknown and narrow it',
  },
  {
    pattern: /[\w\])]!(?=[.,;)\]])/g,
    within: /^(packages|tools|bench|e2e)\//,
    allowedInTests: false,
    why: 'a non-null assertion hides a case; handle undefined',
  },
];

/** Calls that belong to one place, found anywhere else. */
export const bannedCalls: Rule = {
  name: 'banned-calls',
  check: (repository: Repository): Finding[] =>
    repository.files
      .filter((file) => isSource(file.path))
      .flatMap((file) =>
        bans
          .filter((ban) => holds(ban, file.path))
          .flatMap((ban) =>
            [...matchesIn(codeOf(file), ban.pattern)].map(({ match, line }) => ({
              path: file.path,
              line,
              level: 'error' as const,
              message: `${match[0].trim()}: ${ban.why}`,
            })),
          ),
      ),
};

function holds(ban: Ban, path: string): boolean {
  if (!ban.within.test(path) || ban.except?.test(path) === true) return false;
  return !(ban.allowedInTests && isTest(path));
}
