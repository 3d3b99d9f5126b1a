import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { failed, ok } from '../core/result.ts';
import type { Result } from '../core/result.ts';
import { buildConfig } from './build.ts';
import type { ConfigProblem, LoadedConfig } from './config.ts';
import { effectiveValues } from './effective.ts';
import { findingsOf } from './issues.ts';
import type { Finding } from './issues.ts';
import { applyOverrides, CONFIG_FILE_VARIABLE } from './overrides.ts';
import type { Environment, OverriddenValues, Overrides } from './overrides.ts';
import { formatPath, isRecord } from './paths.ts';
import { checkRules } from './rules.ts';
import { configSchema } from './schema.ts';
import { resolveSecrets } from './secrets.ts';
import { findWarnings } from './warnings.ts';
import { readYaml } from './yaml-document.ts';
import type { YamlDocument } from './yaml-document.ts';

export type LoadOptions = {
  /** The file; without it `SWITCHYARD_CONFIG`, then `switchyard.yaml` in the working folder. */
  path?: string | undefined;
  /** Default: the environment of the process. */
  environment?: Environment | undefined;
  /** What the command line sets. */
  overrides?: Overrides | undefined;
  /** Default: the working folder of the process. */
  workingFolder?: string | undefined;
};

/**
 * Reads the configuration: the command line wins over the environment, the environment over the file, the file over
 * defaults. All problems are collected, each with file, line, path, reason and what would be right. Never throws.
 */
export function loadConfig(options: LoadOptions = {}): Result<LoadedConfig, ConfigProblem[]> {
  const environment = options.environment ?? process.env;
  const workingFolder = options.workingFolder ?? process.cwd();
  const fromEnvironment = environment[CONFIG_FILE_VARIABLE];
  const name = options.path ?? (fromEnvironment === '' ? undefined : fromEnvironment) ?? 'switchyard.yaml';
  let text: string;
  try {
    text = readFileSync(resolve(workingFolder, name), 'utf8');
  } catch (error) {
    return failed([unreadable(name, error)]);
  }
  return loadConfigText(text, { name, environment, overrides: options.overrides ?? {}, workingFolder });
}

export type TextOptions = {
  /** The file's name, as problems show it. Its folder is where relative paths start. */
  name: string;
  environment: Environment;
  overrides: Overrides;
  workingFolder: string;
};

/** `loadConfig` for a text that is already read. */
export function loadConfigText(text: string, options: TextOptions): Result<LoadedConfig, ConfigProblem[]> {
  const document = readYaml(text);
  const problems = document.problems.map(({ path, position, reason, allowed }): ConfigProblem => {
    return { origin: options.name, ...position, path, reason, allowed };
  });
  // A file of comments only is an empty configuration.
  const root = document.value === null ? (Object.create(null) as unknown) : document.value;
  if (!isRecord(root)) {
    if (problems.length === 0) {
      const reason = 'the file is not a configuration';
      problems.push({
        origin: options.name,
        line: 1,
        column: 1,
        path: '',
        reason,
        allowed: 'keys and values',
      });
    }
    return failed(problems);
  }

  const replaced = applyOverrides(root, options);
  const toProblem = (finding: Finding) => locate(finding, { document, replaced, name: options.name });
  const folder = dirname(resolve(options.workingFolder, options.name));
  const parsed = configSchema.safeParse(root, { reportInput: true });
  const findings = parsed.success ? [] : parsed.error.issues.flatMap(findingsOf);
  findings.push(
    ...checkRules(root, (path) => `${formatPath(path)}, line ${document.positionOf(path, 'value').line}`),
  );
  const resolved = resolveSecrets(root, { environment: options.environment, folder });
  findings.push(...resolved.problems);
  problems.push(...findings.map(toProblem));
  if (problems.length > 0 || !parsed.success) return failed(problems.toSorted(byPosition));

  const dataFolder = replaced.has('data.dir') ? options.workingFolder : folder;
  const config = buildConfig(parsed.data, { secrets: resolved.secrets, folder, dataFolder });
  const warnings = [...resolved.warnings, ...findWarnings(config)].map(toProblem).toSorted(byPosition);
  const effective = effectiveValues(parsed.data, { document, replaced, secrets: resolved.secrets });
  return ok({ config, file: options.name, effective, warnings });
}

type Places = { document: YamlDocument; replaced: OverriddenValues; name: string };

/** Says where the value at fault was written: in the file, in the environment or on the command line. */
function locate(finding: Finding, places: Places): ConfigProblem {
  const { path, reason, allowed } = finding;
  const source = places.replaced.get(formatPath(path));
  if (source !== undefined) {
    const origin = source.kind === 'environment' ? `environment ${source.name}` : 'command line';
    return { origin, line: undefined, column: undefined, path: formatPath(path), reason, allowed };
  }
  const position = places.document.positionOf(path, finding.part);
  return { origin: places.name, ...position, path: formatPath(path), reason, allowed };
}

function byPosition(a: ConfigProblem, b: ConfigProblem): number {
  return (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);
}

function unreadable(name: string, error: unknown): ConfigProblem {
  const code = isRecord(error) ? error['code'] : undefined;
  const reason =
    code === 'ENOENT'
      ? 'there is no such file'
      : code === 'EISDIR'
        ? 'is a folder, not a file'
        : code === 'EACCES'
          ? 'the file may not be read'
          : 'the file cannot be read';
  const allowed = `a configuration file; name it with --config or ${CONFIG_FILE_VARIABLE}`;
  return { origin: name, line: undefined, column: undefined, path: '', reason, allowed };
}
