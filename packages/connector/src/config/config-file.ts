import type { ModelChoice } from '../engine-host.ts';
import { DEMO_MODEL_NAME } from '../engines/demo-model.ts';
import type { ModelSettings } from '../engines/openai-compatible.ts';
import type { EngineConfig } from './engine-config.ts';
import { DEFAULT_SLOTS, DEMO_SLOTS_MAX, findBaseUrlProblem, SLOTS_MAX } from './engine-config.ts';
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
};

type Environment = Readonly<Record<string, string | undefined>>;

const ROOT_KEYS = ['gateway', 'token', 'token_env', 'token_file', 'private', 'engines'] as const;
const ENGINE_KEYS = ['kind', 'base_url', 'api_key_env', 'slots', 'allow_lan', 'models'] as const;
const CAPABILITY_KEYS = ['tools', 'vision', 'thinking', 'json_schema'] as const;
const MODEL_KEYS = ['alias', 'local', 'context_tokens', 'max_output_tokens', ...CAPABILITY_KEYS] as const;
const REMOTE_KEYS = ['base_url', 'api_key_env', 'allow_lan'] as const;
const TOKENS_MAX = 100_000_000;

/** Reads `connector.yaml`. Every problem names file, line, key and what would be right. */
export function readConfigFile(
  file: { name: string; source: string },
  environment: Environment,
): { config: ConfigFile; problems: string[] } {
  const yaml = readYamlSections(file.name, file.source);
  const root = yaml.root(ROOT_KEYS);
  if (root === undefined) return { config: {}, problems: yaml.problems };
  const engines = yaml.sections(root, 'engines', ENGINE_KEYS);
  const config: ConfigFile = dropAbsent({
    gateway: yaml.text(root, 'gateway'),
    token: yaml.text(root, 'token'),
    tokenEnv: yaml.text(root, 'token_env'),
    tokenFile: yaml.text(root, 'token_file'),
    isPrivate: yaml.boolean(root, 'private'),
    engines: engines?.flatMap((section) => readEngine(yaml, section, environment) ?? []),
  });
  const tokenKeys = ['token', 'token_env', 'token_file'].filter((key) => root.entries.has(key));
  if (tokenKeys.length > 1)
    yaml.problem(root, tokenKeys[1] ?? '', 'give only one of token, token_env, token_file');
  return { config, problems: yaml.problems };
}

function readEngine(
  yaml: YamlSections,
  section: Section,
  environment: Environment,
): EngineConfig | undefined {
  const kind = yaml.text(section, 'kind');
  const models = yaml.sections(section, 'models', MODEL_KEYS);
  switch (kind) {
    case 'demo': {
      for (const key of REMOTE_KEYS) {
        if (section.entries.has(key)) yaml.problem(section, key, 'does not go with kind demo');
      }
      const slots = yaml.wholeNumber(section, 'slots', { min: 1, max: DEMO_SLOTS_MAX }) ?? DEFAULT_SLOTS;
      const choices = models?.flatMap((model) => readDemoChoice(yaml, model));
      return { kind, slots, choices };
    }
    case 'openai':
    case 'openai-compatible':
      return readOpenAiCompatible({ yaml, section, environment }, models);
    case undefined:
      if (!section.entries.has('kind'))
        yaml.problem(section, 'kind', 'is missing: demo or openai-compatible');
      return undefined;
    default:
      yaml.problem(section, 'kind', 'must be demo or openai-compatible');
      return undefined;
  }
}

function readOpenAiCompatible(
  { yaml, section, environment }: { yaml: YamlSections; section: Section; environment: Environment },
  models: Section[] | undefined,
): EngineConfig | undefined {
  const allowLan = yaml.boolean(section, 'allow_lan') ?? false;
  const slots = yaml.wholeNumber(section, 'slots', { min: 1, max: SLOTS_MAX }) ?? DEFAULT_SLOTS;
  const apiKeyEnv = yaml.text(section, 'api_key_env');
  const apiKey = apiKeyEnv === undefined ? undefined : environment[apiKeyEnv];
  if (apiKeyEnv !== undefined && (apiKey === undefined || apiKey === '')) {
    yaml.problem(section, 'api_key_env', 'names an environment variable that is not set');
  }
  const settings = new Map<string, ModelSettings>();
  const choices = models?.flatMap((model) => readModel(yaml, model, settings));
  const baseUrl = yaml.text(section, 'base_url');
  if (baseUrl === undefined) {
    if (!section.entries.has('base_url')) yaml.problem(section, 'base_url', 'is missing');
    return undefined;
  }
  const urlProblem = findBaseUrlProblem(baseUrl, allowLan);
  if (urlProblem !== undefined) yaml.problem(section, 'base_url', urlProblem);
  return { kind: 'openai-compatible', baseUrl, apiKey, allowLan, slots, choices, settings };
}

function readAlias(yaml: YamlSections, section: Section): string | undefined {
  const alias = yaml.text(section, 'alias') ?? yaml.text(section, 'local');
  if (alias === undefined && !section.entries.has('alias')) yaml.problem(section, 'alias', 'is missing');
  return alias;
}

function readDemoChoice(yaml: YamlSections, section: Section): ModelChoice[] {
  for (const key of section.entries.keys()) {
    if (key !== 'alias' && key !== 'local') {
      yaml.problem(section, key, 'is fixed for the demo model; leave it out');
    }
  }
  const alias = readAlias(yaml, section);
  return alias === undefined ? [] : [{ alias, localName: yaml.text(section, 'local') ?? DEMO_MODEL_NAME }];
}

function readModel(
  yaml: YamlSections,
  section: Section,
  settings: Map<string, ModelSettings>,
): ModelChoice[] {
  const alias = readAlias(yaml, section);
  const tokens = { min: 1, max: TOKENS_MAX };
  const model: ModelSettings = dropAbsent({
    contextTokens: yaml.wholeNumber(section, 'context_tokens', tokens),
    maxOutputTokens: yaml.wholeNumber(section, 'max_output_tokens', tokens),
    tools: yaml.boolean(section, 'tools'),
    vision: yaml.boolean(section, 'vision'),
    thinking: yaml.boolean(section, 'thinking'),
    jsonSchema: yaml.boolean(section, 'json_schema'),
  });
  if (alias === undefined) return [];
  const localName = yaml.text(section, 'local') ?? alias;
  settings.set(localName, model);
  return [{ alias, localName }];
}

type Present<Fields> = { [Key in keyof Fields]?: Exclude<Fields[Key], undefined> };

/** Leaves keys without a value out, so that absent means absent. */
function dropAbsent<Fields extends object>(fields: Fields): Present<Fields> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as Present<Fields>;
}
