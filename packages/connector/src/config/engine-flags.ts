import { statSync } from 'node:fs';
import type { ModelChoice } from '../engine-host.ts';
import { modelNameOf } from '../engines/gguf.ts';
import { SERVER_RECIPES } from '../images/recipes.ts';
import type { ConnectOptions } from './connect-options.ts';
import type { EngineConfig, ImageServerKind } from './engine-config.ts';
import {
  DEFAULT_SLOTS,
  IMAGE_SLOTS,
  DEMO_SLOTS_MAX,
  findBaseUrlProblem,
  imageServerKindOf,
  isImageEngine,
  isImageServer,
  KIND_LIST,
  serverConfig,
  serverKindOf,
  SLOTS_MAX,
  usualImageUrl,
  usualUrl,
} from './engine-config.ts';

type Environment = Readonly<Record<string, string | undefined>>;
type EngineFlags = Pick<ConnectOptions, 'engines' | 'models' | 'slots' | 'allowLan'>;
type Context = { slots: number | undefined; allowLan: boolean; environment: Environment; problems: string[] };

/**
 * The engines of `--engine`, `--gguf`, `--model`, `--slots` and `--allow-lan`.
 * `--model` goes to the one server among them, or to the demo model when that is all there is. `--slots` is for text:
 * a picture keeps the machine at work for itself.
 */
export function readEngineFlags(
  options: EngineFlags,
  environment: Environment = {},
): { engines: EngineConfig[]; problems: string[] } {
  const problems: string[] = [];
  const slots = readSlots(options, problems);
  const choices = readChoices(options.models, problems);
  const context: Context = { slots, allowLan: options.allowLan, environment, problems };
  const engines = options.engines.flatMap((text) => readEngine(text, context));
  if (choices.length > 0) giveChoices(engines, choices, problems);
  return { engines, problems };
}

/** `demo`, `ollama`, `ollama=URL`, `gguf=FILE` ... */
function readEngine(text: string, context: Context): EngineConfig[] {
  const { slots, problems } = context;
  const equals = text.indexOf('=');
  const word = equals === -1 ? text : text.slice(0, equals);
  const given = equals === -1 ? undefined : text.slice(equals + 1);
  if (text === 'demo') return [{ kind: 'demo', slots: slots ?? DEFAULT_SLOTS, choices: undefined }];
  if (word === 'gguf' && given !== undefined) return readGguf(given, context);
  if (text === 'demo-image') return [{ kind: 'demo-image', slots: IMAGE_SLOTS, choices: undefined }];
  const imageKind = imageServerKindOf(word);
  if (imageKind !== undefined) return readImageServer({ kind: imageKind, word, given }, context);
  const kind = serverKindOf(word);
  if (kind === undefined) {
    problems.push(`--engine: must be ${KIND_LIST}, with =URL for another address than the usual one`);
    return [];
  }
  const baseUrl = given ?? usualUrl(kind);
  if (baseUrl === undefined || baseUrl === '') {
    problems.push(`--engine: ${word} needs its address, such as ${word}=http://127.0.0.1:8080/v1`);
    return [];
  }
  const problem = findBaseUrlProblem(baseUrl, context.allowLan);
  if (problem !== undefined) problems.push(`--engine: the URL ${problem}`);
  const config = serverConfig(kind, baseUrl);
  return [{ ...config, allowLan: context.allowLan, slots: slots ?? config.slots }];
}

function readImageServer(
  { kind, word, given }: { kind: ImageServerKind; word: string; given: string | undefined },
  { allowLan, problems }: Context,
): EngineConfig[] {
  const baseUrl = given ?? usualImageUrl(kind);
  if (baseUrl === undefined || baseUrl === '') {
    problems.push(`--engine: ${word} needs its address, such as ${word}=http://127.0.0.1:8000/v1`);
    return [];
  }
  const problem = findBaseUrlProblem(baseUrl, allowLan);
  if (problem !== undefined) problems.push(`--engine: the URL ${problem}`);
  return [{ kind, baseUrl, apiKey: undefined, allowLan, slots: IMAGE_SLOTS, choices: undefined }];
}

function readGguf(file: string, { slots, environment, problems }: Context): EngineConfig[] {
  const problem = findFileProblem(file);
  if (problem !== undefined) problems.push(`--gguf: ${problem}`);
  return [
    {
      kind: 'gguf',
      file,
      program: undefined,
      slots,
      contextTokens: undefined,
      choices: undefined,
      settings: new Map(),
      environment,
    },
  ];
}

/** Why a model file cannot be used; undefined when it is there. */
export function findFileProblem(path: string): string | undefined {
  try {
    return statSync(path).isFile() ? undefined : 'is no file';
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
    return `the file cannot be read (${code})`;
  }
}

function readSlots(options: Pick<EngineFlags, 'engines' | 'slots'>, problems: string[]): number | undefined {
  if (options.slots === undefined) return undefined;
  const slots = /^\d{1,6}$/u.test(options.slots) ? Number(options.slots) : 0;
  const max = options.engines.includes('demo') ? DEMO_SLOTS_MAX : SLOTS_MAX;
  if (slots >= 1 && slots <= max) return slots;
  problems.push(`--slots: must be a whole number from 1 to ${max}`);
  return undefined;
}

function readChoices(models: string[], problems: string[]): ModelChoice[] {
  return models.flatMap((text) => {
    const equals = text.indexOf('=');
    const alias = equals === -1 ? text : text.slice(0, equals);
    const localName = equals === -1 ? text : text.slice(equals + 1);
    if (alias !== '' && localName !== '') return [{ alias, localName }];
    problems.push('--model: must be alias=local, or one name that is both');
    return [];
  });
}

/** A recipe goes to the image engine, every other name to the text engine. */
function giveChoices(engines: EngineConfig[], choices: ModelChoice[], problems: string[]): void {
  const recipes = choices.filter(({ alias }) => SERVER_RECIPES.includes(alias));
  const models = choices.filter((choice) => !recipes.includes(choice));
  const textEngines = engines.filter((engine) => !isImageEngine(engine));
  const servers = textEngines.filter((engine) => engine.kind !== 'demo');
  giveTo(servers.length === 0 ? textEngines : servers, models, problems);
  giveTo(engines.filter(isImageServer), recipes, problems);
}

function giveTo(candidates: EngineConfig[], choices: ModelChoice[], problems: string[]): void {
  if (choices.length === 0) return;
  const [only] = candidates;
  if (only === undefined || candidates.length > 1) {
    problems.push('--model: needs exactly one engine to belong to; use a configuration file for several');
    return;
  }
  if (only.kind === 'demo-image') return;
  only.choices = only.kind === 'gguf' ? choicesOfFile(only.file, choices) : choices;
}

/** A file holds one model, so its own name need not be written: `--model qwen3-8b` is enough. */
export function choicesOfFile(file: string, choices: ModelChoice[]): ModelChoice[] {
  const localName = modelNameOf(file);
  return choices.map((choice) => (choice.alias === choice.localName ? { ...choice, localName } : choice));
}
