import type { EngineConfig } from './engine-config.ts';
import { dropAbsent, ENGINE_KEYS, readEngineSection } from './engine-sections.ts';
import { readYamlSections } from './yaml-sections.ts';

/** A configuration file as read. Absent: not in the file. */
export type ConfigFile = {
  gateway?: string;
  token?: string;
  tokenEnv?: string;
  tokenFile?: string;
  isPrivate?: boolean;
  engines?: EngineConfig[];
};

type Environment = Readonly<Record<string, string | undefined>>;

const ROOT_KEYS = ['gateway', 'token', 'token_env', 'token_file', 'private', 'engines'] as const;

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
    engines: engines?.flatMap((section) => readEngineSection(source, section) ?? []),
  });
  const tokenKeys = ['token', 'token_env', 'token_file'].filter((key) => root.entries.has(key));
  if (tokenKeys.length > 1)
    yaml.problem(root, tokenKeys[1] ?? '', 'give only one of token, token_env, token_file');
  return { config, problems: yaml.problems };
}
