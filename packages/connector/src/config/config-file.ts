import type { EngineConfig } from './engine-config.ts';
import { dropAbsent, ENGINE_KEYS, readEngineSection } from './engine-sections.ts';
import type { FairUseRules } from '../fair-use.ts';
import type { Command } from '../power-command.ts';
import { parseHours } from './hours.ts';
import type { Section, YamlSections } from './yaml-sections.ts';
import { readYamlSections } from './yaml-sections.ts';

/** A configuration file as read. Absent: not in the file. */
export type ConfigFile = {
  gateway?: string;
  token?: string;
  tokenEnv?: string;
  tokenFile?: string;
  isPrivate?: boolean;
  engines?: EngineConfig[];
  fairUse?: Partial<FairUseRules>;
  /** False: models are not measured. */
  bench?: boolean;
};

type Environment = Readonly<Record<string, string | undefined>>;

const ROOT_KEYS = [
  'gateway',
  'token',
  'token_env',
  'token_file',
  'private',
  'hours',
  'yield_to_local_use',
  'power_limit_command',
  'power_restore_command',
  'bench',
  'engines',
] as const;

/**
 * Reads `connector.yaml`. Every problem names file, line, key and what would be right.
 * `folder` is where relative paths of engines start.
 */
export function readConfigFile(
  file: { name: string; source: string; folder?: string },
  environment: Environment,
): { config: ConfigFile; problems: string[] } {
  const yaml = readYamlSections(file.name, file.source);
  const root = yaml.root(ROOT_KEYS);
  if (root === undefined) return { config: {}, problems: yaml.problems };
  const engines = yaml.sections(root, 'engines', ENGINE_KEYS);
  const source = { yaml, environment, folder: file.folder ?? '.' };
  const config: ConfigFile = dropAbsent({
    gateway: yaml.text(root, 'gateway'),
    token: yaml.text(root, 'token'),
    tokenEnv: yaml.text(root, 'token_env'),
    tokenFile: yaml.text(root, 'token_file'),
    isPrivate: yaml.boolean(root, 'private'),
    fairUse: readFairUse(yaml, root),
    bench: yaml.boolean(root, 'bench'),
    engines: engines?.flatMap((section) => readEngineSection(source, section) ?? []),
  });
  const tokenKeys = ['token', 'token_env', 'token_file'].filter((key) => root.entries.has(key));
  if (tokenKeys.length > 1)
    yaml.problem(root, tokenKeys[1] ?? '', 'give only one of token, token_env, token_file');
  return { config, problems: yaml.problems };
}

export const HOURS_FORM = 'must be two times of the day such as "22:00-07:00"';

function readFairUse(yaml: YamlSections, root: Section): Partial<FairUseRules> {
  const text = yaml.text(root, 'hours');
  const hours = text === undefined ? undefined : parseHours(text);
  if (text !== undefined && hours === undefined) yaml.problem(root, 'hours', HOURS_FORM);
  const powerLimit = readCommand(yaml, root, 'power_limit_command');
  const powerRestore = readCommand(yaml, root, 'power_restore_command');
  if (powerRestore !== undefined && powerLimit === undefined && !root.entries.has('power_limit_command'))
    yaml.problem(root, 'power_restore_command', 'has nothing to restore without power_limit_command');
  return dropAbsent({
    hours,
    yieldsToLocalUse: yaml.boolean(root, 'yield_to_local_use'),
    powerLimit,
    powerRestore,
  });
}

/** A list of words: no shell takes them apart. */
function readCommand(yaml: YamlSections, root: Section, key: string): Command | undefined {
  const [program, ...words] = yaml.texts(root, key) ?? [];
  return program === undefined ? undefined : [program, ...words];
}
