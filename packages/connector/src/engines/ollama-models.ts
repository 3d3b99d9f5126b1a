import type { JsonObject } from './json.ts';
import { countAt, isObject, objectAt, textAt } from './json.ts';
import type { ModelFacts } from './model-settings.ts';

/** One model as Ollama lists and shows it. */
export type OllamaModel = {
  localName: string;
  digest: string | undefined;
  quant: string | undefined;
  /** What the weights were made for. */
  trainedContextTokens: number | undefined;
  /** `num_ctx` of its Modelfile. */
  ownContextTokens: number | undefined;
  /** Completion, tools, vision, thinking, embedding ... Undefined: too old to say. */
  capabilities: string[] | undefined;
  thinksInLevels: boolean;
  remoteBacked: boolean;
};

/** Without a word of the owner or the model, no more than this: memory for the context grows with its length. */
const DEFAULT_CONTEXT_TOKENS = 8192;

const CLOUD_NAME = /[-:]cloud$/u;
const LEVEL_FAMILIES = ['gptoss', 'gpt-oss'];

/**
 * Joins an entry of `GET /api/tags` with the answer of `POST /api/show` to it.
 * Source: `docs/api.md` and `api/types.go` of Ollama 0.17.4, read and tried 2026-11-21.
 */
export function readOllamaModel(localName: string, entry: JsonObject, shown: JsonObject): OllamaModel {
  const info = objectAt(shown, 'model_info');
  const details = objectAt(shown, 'details');
  const architecture = textAt(info, 'general.architecture') ?? '';
  const capabilities = Array.isArray(shown.capabilities)
    ? shown.capabilities.filter((word): word is string => typeof word === 'string')
    : undefined;
  const isRemote = [entry, shown].some(
    (source) => textAt(source, 'remote_host') !== undefined || textAt(source, 'remote_model') !== undefined,
  );
  return {
    localName,
    digest: textAt(entry, 'digest'),
    quant: textAt(details, 'quantization_level'),
    trainedContextTokens: countAt(info, `${architecture}.context_length`),
    ownContextTokens: readNumCtx(textAt(shown, 'parameters') ?? ''),
    capabilities,
    thinksInLevels: LEVEL_FAMILIES.includes(textAt(details, 'family') ?? ''),
    remoteBacked: isRemote || CLOUD_NAME.test(localName),
  };
}

/** False for models that only embed texts or only make pictures. */
export function canChat({ capabilities }: OllamaModel): boolean {
  return capabilities === undefined || capabilities.includes('completion');
}

/**
 * `loadedContextTokens` is the context that the model is in memory with: to keep it saves a load. What was once
 * chosen stays, because every other number makes Ollama load the model again.
 */
export function factsOfOllamaModel(
  model: OllamaModel,
  { slots, loadedContextTokens }: { slots: number; loadedContextTokens: number | undefined },
): ModelFacts {
  const can = (word: string): boolean => model.capabilities?.includes(word) ?? false;
  const wanted = model.ownContextTokens ?? loadedContextTokens ?? DEFAULT_CONTEXT_TOKENS;
  const { trainedContextTokens: most } = model;
  const shortName = model.localName.replace(/:latest$/u, '');
  return {
    localName: model.localName,
    ...(shortName === model.localName ? {} : { otherNames: [shortName] }),
    contextTokens: Math.min(wanted, most ?? wanted),
    ...(most === undefined ? {} : { contextMaxTokens: most }),
    slots,
    capabilities: {
      tools: can('tools'),
      vision: can('vision'),
      thinking: can('thinking'),
      // Any model is held to a schema, by a grammar.
      jsonSchema: true,
    },
    remoteBacked: model.remoteBacked,
    isLoaded: loadedContextTokens !== undefined,
    ...(model.digest === undefined ? {} : { digest: model.digest }),
    ...(model.quant === undefined ? {} : { quant: model.quant }),
  };
}

/** The models in memory and their contexts, of `GET /api/ps`. */
export function readLoadedModels(answer: JsonObject | undefined): Map<string, number> {
  const listed: unknown[] = Array.isArray(answer?.models) ? answer.models : [];
  return new Map(
    listed.filter(isObject).flatMap((entry): [string, number][] => {
      const name = textAt(entry, 'name');
      return name === undefined ? [] : [[name, countAt(entry, 'context_length') ?? DEFAULT_CONTEXT_TOKENS]];
    }),
  );
}

/** `parameters` is text: one name and value a line, spaces in between. */
function readNumCtx(parameters: string): number | undefined {
  const digits = /^num_ctx\s+(\d{1,9})$/mu.exec(parameters)?.[1];
  return digits === undefined || Number(digits) === 0 ? undefined : Number(digits);
}
