import { resolve } from 'node:path';
import { DEMO_MODEL_NAME } from '../engines/demo-model.ts';
import { modelNameOf } from '../engines/gguf.ts';
import type { ModelSettings } from '../engines/model-settings.ts';
import type { ModelChoice } from '../engine-host.ts';
import type { EngineConfig, ImageServerKind, ServerKind } from './engine-config.ts';
import {
  DEFAULT_SLOTS,
  IMAGE_SLOTS,
  IMAGE_SLOTS_MAX,
  DEMO_SLOTS_MAX,
  imageServerKindOf,
  isImageServerKind,
  KIND_LIST,
  serverConfig,
  serverKindOf,
  SLOTS_MAX,
  usualUrl,
} from './engine-config.ts';
import { choicesOfFile, findFileProblem } from './engine-flags.ts';
import { readImageServerSection } from './image-sections.ts';
import { readServerAccess } from './server-access.ts';
import type { ServerSource } from './server-access.ts';
import type { Section, YamlSections } from './yaml-sections.ts';

/** What an engine of a configuration file is read with. */
export type EngineSource = ServerSource & {
  /** Where relative paths start. */
  folder: string;
};

const COMMON_KEYS = ['kind', 'slots', 'models'] as const;
const SERVER_KEYS = [...COMMON_KEYS, 'base_url', 'api_key_env', 'allow_lan'] as const;
const CACHE_KEYS = [...SERVER_KEYS, 'share_prompt_cache'] as const;

/** Which keys go with which kind. */
const KEYS: Readonly<
  Record<ServerKind | ImageServerKind | 'demo' | 'demo-image' | 'gguf', readonly string[]>
> = {
  demo: COMMON_KEYS,
  'demo-image': ['kind', 'slots'],
  gguf: [...COMMON_KEYS, 'file', 'llama_server', 'context_tokens'],
  'openai-compatible': SERVER_KEYS,
  ollama: [...SERVER_KEYS, 'keep_alive'],
  'llama-cpp': CACHE_KEYS,
  vllm: CACHE_KEYS,
  'lm-studio': SERVER_KEYS,
  'openai-images': SERVER_KEYS,
  'sd-cpp': SERVER_KEYS,
  a1111: SERVER_KEYS,
  comfyui: SERVER_KEYS,
};

export const ENGINE_KEYS: readonly string[] = [...new Set(Object.values(KEYS).flat())];

const CAPABILITY_KEYS = ['tools', 'vision', 'thinking', 'json_schema'] as const;
const MODEL_KEYS = ['alias', 'local', 'context_tokens', 'max_output_tokens', ...CAPABILITY_KEYS] as const;
const TOKENS_MAX = 100_000_000;
const KEEP_ALIVE = /^-?\d{1,9}(?:\.\d+)?(?:s|m|h)?$/u;

/** One entry of `engines`; undefined when it has a problem that leaves nothing to work with. */
export function readEngineSection(source: EngineSource, section: Section): EngineConfig | undefined {
  const { yaml } = source;
  const word = yaml.text(section, 'kind');
  if (word === undefined) {
    if (!section.entries.has('kind')) yaml.problem(section, 'kind', `is missing: ${KIND_LIST}`);
    return undefined;
  }
  const kind =
    word === 'demo' || word === 'demo-image' || word === 'gguf'
      ? word
      : (serverKindOf(word) ?? imageServerKindOf(word));
  if (kind === undefined) {
    yaml.problem(section, 'kind', `must be ${KIND_LIST}`);
    return undefined;
  }
  for (const key of section.entries.keys()) {
    if (!KEYS[kind].includes(key)) yaml.problem(section, key, `does not go with kind ${word}`);
  }
  if (kind === 'demo-image') {
    const slots = yaml.wholeNumber(section, 'slots', { min: 1, max: IMAGE_SLOTS_MAX });
    return { kind, slots: slots ?? IMAGE_SLOTS, choices: undefined };
  }
  const models = yaml.sections(section, 'models', MODEL_KEYS);
  if (kind === 'demo') return readDemo(source, section, models);
  if (kind === 'gguf') return readGguf(source, section, models);
  if (isImageServerKind(kind)) return readImageServerSection(source, section, { kind, models });
  return readServer(source, section, { kind, models });
}

function readDemo(
  { yaml }: EngineSource,
  section: Section,
  models: Section[] | undefined,
): EngineConfig | undefined {
  const slots = yaml.wholeNumber(section, 'slots', { min: 1, max: DEMO_SLOTS_MAX }) ?? DEFAULT_SLOTS;
  return { kind: 'demo', slots, choices: models?.flatMap((model) => readDemoChoice(yaml, model)) };
}

function readGguf(
  { yaml, environment, folder }: EngineSource,
  section: Section,
  models: Section[] | undefined,
): EngineConfig | undefined {
  const settings = new Map<string, ModelSettings>();
  const choices = models?.flatMap((model) => readModel(yaml, model, settings));
  const path = yaml.text(section, 'file');
  if (path === undefined) {
    if (!section.entries.has('file')) yaml.problem(section, 'file', 'is missing');
    return undefined;
  }
  const file = resolve(folder, path);
  const fileProblem = findFileProblem(file);
  if (fileProblem !== undefined) yaml.problem(section, 'file', fileProblem);
  const program = yaml.text(section, 'llama_server');
  return {
    kind: 'gguf',
    file,
    program: program === undefined ? undefined : resolve(folder, program),
    slots: yaml.wholeNumber(section, 'slots', { min: 1, max: SLOTS_MAX }),
    contextTokens: yaml.wholeNumber(section, 'context_tokens', { min: 1, max: TOKENS_MAX }),
    choices: choices === undefined ? undefined : choicesOfFile(file, choices),
    // There is one model, whatever the owner calls it.
    settings: new Map([...settings.values()].map((only) => [modelNameOf(file), only])),
    environment,
  };
}

function readServer(
  source: EngineSource,
  section: Section,
  { kind, models }: { kind: ServerKind; models: Section[] | undefined },
): EngineConfig | undefined {
  const { yaml } = source;
  const settings = new Map<string, ModelSettings>();
  const choices = models?.flatMap((model) => readModel(yaml, model, settings));
  const keepAlive = yaml.text(section, 'keep_alive');
  if (keepAlive !== undefined && !KEEP_ALIVE.test(keepAlive)) {
    yaml.problem(section, 'keep_alive', 'must be a time such as 30m, or "-1" for ever');
  }
  const access = readServerAccess(source, section, usualUrl(kind));
  if (access === undefined) return undefined;
  const config = serverConfig(kind, access.baseUrl);
  return {
    ...config,
    ...access,
    slots: yaml.wholeNumber(section, 'slots', { min: 1, max: SLOTS_MAX }) ?? config.slots,
    choices,
    settings,
    keepAlive,
    sharesPromptCache: yaml.boolean(section, 'share_prompt_cache') ?? false,
  };
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
export function dropAbsent<Fields extends object>(fields: Fields): Present<Fields> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as Present<Fields>;
}
