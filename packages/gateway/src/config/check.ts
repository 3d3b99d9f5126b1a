import type { ConfigProblem } from './config.ts';
import { loadConfig } from './load.ts';
import type { LoadOptions } from './load.ts';

export type CheckReport = {
  ok: boolean;
  problems: readonly ConfigProblem[];
  warnings: readonly ConfigProblem[];
};

/** Judges a configuration file without starting anything: for `switchyard check`. Never throws. */
export function checkConfig(path: string | undefined, options: Omit<LoadOptions, 'path'> = {}): CheckReport {
  const loaded = loadConfig({ ...options, path });
  if (!loaded.ok) return { ok: false, problems: loaded.error, warnings: [] };
  return { ok: true, problems: [], warnings: loaded.value.warnings };
}
