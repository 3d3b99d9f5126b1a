import { formatProblem } from '../config/config.ts';
import type { ConfigProblem, LoadedConfig } from '../config/config.ts';
import { loadConfig } from '../config/load.ts';
import type { Overrides } from '../config/overrides.ts';
import { CommandFailure } from './failure.ts';
import type { CommonOptions } from './session.ts';

/** Loads the configuration, or fails with every problem in it, one per line. */
export function loadConfigOrFail(options: CommonOptions, overrides: Overrides = {}): LoadedConfig {
  const loaded = loadConfig({ path: options.config, overrides: { dataDir: options.dataDir, ...overrides } });
  if (loaded.ok) return loaded.value;
  throw new CommandFailure(`The configuration cannot be used:\n${problemLines(loaded.error)}`, {
    code: 'invalid_configuration',
    hint: 'Name another file with --config FILE. "switchyard check FILE" judges a file without starting anything.',
  });
}

export function problemLines(problems: readonly ConfigProblem[]): string {
  return problems.map((problem) => `  ${formatProblem(problem)}`).join('\n');
}
