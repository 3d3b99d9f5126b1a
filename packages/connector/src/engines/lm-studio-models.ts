import type { JsonObject } from './json.ts';
import { countAt, isObject, objectAt, textAt } from './json.ts';
import type { ModelFacts } from './model-settings.ts';

/** One chat model as LM Studio lists it. */
export type LmStudioModel = {
  /** Of the loaded instance, else of the model: what a request names. */
  name: string;
  isLoaded: boolean;
  /** Of the loaded instance. */
  contextTokens: number | undefined;
  contextMaxTokens: number | undefined;
  parallel: number | undefined;
  tools: boolean;
  vision: boolean;
  thinking: boolean;
  quant: string | undefined;
};

/** A model that is loaded by its first request gets the context of LM Studio's settings, by default this much. */
const UNLOADED_CONTEXT_TOKENS = 4096;

/** An entry of `/api/v1/models`: one model for each loaded instance, or one that is not loaded. */
export function readNewModel(entry: JsonObject): LmStudioModel[] {
  const key = textAt(entry, 'key');
  if (key === undefined || textAt(entry, 'type') !== 'llm') return [];
  const can = objectAt(entry, 'capabilities');
  const model: LmStudioModel = {
    name: key,
    isLoaded: false,
    contextTokens: undefined,
    contextMaxTokens: countAt(entry, 'max_context_length'),
    parallel: undefined,
    tools: can.trained_for_tool_use === true,
    vision: can.vision === true,
    thinking: isObject(can.reasoning),
    quant: textAt(objectAt(entry, 'quantization'), 'name'),
  };
  const instances = Array.isArray(entry.loaded_instances) ? entry.loaded_instances.filter(isObject) : [];
  const loaded = instances.flatMap((instance): LmStudioModel[] => {
    const name = textAt(instance, 'id');
    const config = objectAt(instance, 'config');
    const contextTokens = countAt(config, 'context_length');
    return name === undefined
      ? []
      : [{ ...model, name, isLoaded: true, contextTokens, parallel: countAt(config, 'parallel') }];
  });
  return loaded.length > 0 ? loaded : [model];
}

/** An entry of `/api/v0/models`. */
export function readOldModel(entry: JsonObject): LmStudioModel[] {
  const name = textAt(entry, 'id');
  const type = textAt(entry, 'type');
  if (name === undefined || (type !== 'llm' && type !== 'vlm')) return [];
  const { capabilities } = entry;
  return [
    {
      name,
      isLoaded: textAt(entry, 'state') === 'loaded',
      contextTokens: countAt(entry, 'loaded_context_length'),
      contextMaxTokens: countAt(entry, 'max_context_length'),
      parallel: undefined,
      tools: Array.isArray(capabilities) && capabilities.includes('tool_use'),
      vision: type === 'vlm',
      thinking: false,
      quant: textAt(entry, 'quantization'),
    },
  ];
}

export function factsOfLmStudioModel(model: LmStudioModel, remoteBacked: boolean): ModelFacts {
  const contextMaxTokens = model.contextTokens ?? model.contextMaxTokens;
  const contextTokens = model.contextTokens ?? UNLOADED_CONTEXT_TOKENS;
  return {
    localName: model.name,
    contextTokens: Math.min(contextTokens, contextMaxTokens ?? contextTokens),
    ...(contextMaxTokens === undefined ? {} : { contextMaxTokens }),
    // Versions that do not say take one request after the other.
    slots: model.parallel ?? 1,
    capabilities: {
      tools: model.tools,
      vision: model.vision,
      thinking: model.thinking,
      // Any model is held to a schema, by its engine.
      jsonSchema: true,
    },
    remoteBacked,
    isLoaded: model.isLoaded,
    ...(model.quant === undefined ? {} : { quant: model.quant }),
  };
}
