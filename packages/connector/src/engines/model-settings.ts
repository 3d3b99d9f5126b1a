import type { EngineModel } from '../engine.ts';

/** What the owner says about one model. Absent: as the engine says, else the default of its adapter. */
export type ModelSettings = {
  contextTokens?: number;
  maxOutputTokens?: number;
  tools?: boolean;
  vision?: boolean;
  thinking?: boolean;
  jsonSchema?: boolean;
};

/** What an adapter found out about a model. */
export type ModelFacts = Omit<EngineModel, 'maxOutputTokens'> & {
  /** What the engine can hold at most. The owner's number is cut to it. Absent: nobody knows. */
  contextMaxTokens?: number;
};

/** What the owner says about models, by the engine's names for them. */
export type SettingsByName = ReadonlyMap<string, ModelSettings>;

/** What the owner says about one model, by whichever of its names. */
export function settingsOf(
  { localName, otherNames = [] }: Pick<EngineModel, 'localName' | 'otherNames'>,
  settings: SettingsByName,
): ModelSettings {
  const name = [localName, ...otherNames].find((candidate) => settings.has(candidate));
  return (name === undefined ? undefined : settings.get(name)) ?? {};
}

/** The facts with the owner's settings on top: the owner wins, except beyond what the engine can hold. */
export function describeModel(facts: ModelFacts, settingsByName: SettingsByName): EngineModel {
  const settings = settingsOf(facts, settingsByName);
  const { contextMaxTokens = Infinity, capabilities, ...model } = facts;
  const contextTokens = Math.min(settings.contextTokens ?? facts.contextTokens, contextMaxTokens);
  return {
    ...model,
    contextTokens,
    maxOutputTokens: Math.min(settings.maxOutputTokens ?? contextTokens, contextTokens),
    capabilities: {
      tools: settings.tools ?? capabilities.tools,
      vision: settings.vision ?? capabilities.vision,
      thinking: settings.thinking ?? capabilities.thinking,
      jsonSchema: settings.jsonSchema ?? capabilities.jsonSchema,
    },
  };
}
