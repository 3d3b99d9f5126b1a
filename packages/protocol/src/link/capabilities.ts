import {
  booleanOf,
  checkFailure,
  checkJson,
  fieldsOf,
  listOf,
  oneOf,
  optional,
  positiveNumberOf,
  wholeNumberOf,
  wordOf,
} from './check.ts';
import type { Checked } from './check.ts';
import { LINK_LIMITS } from './limits.ts';

/**
 * What a node says about itself in CAPS. Everything in it is the node's claim: the gateway plans with it and trusts
 * none of it.
 */
export type Capabilities = {
  engine: { kind: string; version: string };
  /** Jobs that the node takes at once, over all models. 0 while its engine is down or its owner uses it. */
  slots: {
    text: number;
    /** Pictures at once, over all recipes. Absent: none. */
    image?: number;
  };
  /** At most 200, each alias once. */
  models: CapabilityModel[];
  /** At most 50, each recipe once. Absent: the node makes no pictures. */
  image?: ImageCapability[];
  policy?: NodePolicy;
};

export type CapabilityModel = {
  /** The name that jobs are offered under. */
  alias: string;
  /** The engine's own name. Shown to the node's owner only. */
  localName: string;
  contextTokens: number;
  maxOutputTokens: number;
  /** Jobs of this model at once. */
  slots: number;
  tools: boolean;
  vision: boolean;
  thinking: boolean;
  jsonSchema: boolean;
  /** In memory and ready, so that a job starts without a load. */
  loaded: boolean;
  /** Answered by somebody else's machine. Such models are refused on shared nodes. */
  remoteBacked: boolean;
  digest?: string;
  quant?: string;
  /** Can go on in an answer that was begun elsewhere. Absent: it cannot. */
  prefill?: boolean;
  speed?: ModelSpeed;
};

/** A recipe that the node can make pictures with. */
export type ImageCapability = {
  /** Name and version: `demo-image@1`. Jobs are offered under it. */
  recipe: string;
  /** The largest picture, width times height. */
  maxPixels: number;
  /** Pictures of this recipe at once. */
  slots: number;
  /** Pixels times steps in a second, as the node has measured. */
  pixelStepsPerSecond?: number;
};

/** As measured by the node. The gateway measures for itself as soon as it can. */
export type ModelSpeed = { promptTokensPerSecond: number; outputTokensPerSecond: number };

export type NodePolicy = { nsfw: boolean; yieldToLocal: boolean };

/** What a node sends in STATUS: the part of its capabilities that changes often. */
export type NodeStatusReport = {
  state: 'ready' | 'paused' | 'engine-down';
  textSlots: number;
  imageSlots?: number;
};

const NODE_STATES = ['ready', 'paused', 'engine-down'] as const;
const SPEED_MAX = 1_000_000;
const PIXELS_MAX = 1_000_000_000;
const PIXEL_SPEED_MAX = 1e15;

export function parseCapabilities(body: Uint8Array): Checked<Capabilities> {
  return checkJson(body, readCapabilities);
}

export function parseNodeStatusReport(body: Uint8Array): Checked<NodeStatusReport> {
  return checkJson(body, (value) => {
    const fields = fieldsOf(value, 'status');
    const imageSlots = optional(fields['imageSlots'], (given) =>
      wholeNumberOf(given, 'imageSlots', LINK_LIMITS.slotsMax),
    );
    return {
      state: oneOf(fields['state'], 'state', NODE_STATES),
      textSlots: wholeNumberOf(fields['textSlots'], 'textSlots', LINK_LIMITS.slotsMax),
      ...(imageSlots !== undefined && { imageSlots }),
    };
  });
}

function readCapabilities(value: unknown): Capabilities {
  const fields = fieldsOf(value, 'capabilities');
  const engine = fieldsOf(fields['engine'], 'engine');
  const slots = fieldsOf(fields['slots'], 'slots');
  const policy = optional(fields['policy'], readPolicy);
  const image = optional(fields['image'], readRecipes);
  const imageSlots = optional(slots['image'], (given) =>
    wholeNumberOf(given, 'slots.image', LINK_LIMITS.slotsMax),
  );
  return {
    engine: {
      kind: wordOf(engine['kind'], 'engine.kind', LINK_LIMITS.wordMaxChars),
      version: wordOf(engine['version'], 'engine.version', LINK_LIMITS.wordMaxChars),
    },
    slots: {
      text: wholeNumberOf(slots['text'], 'slots.text', LINK_LIMITS.slotsMax),
      ...(imageSlots !== undefined && { image: imageSlots }),
    },
    models: readModels(fields['models']),
    ...(image !== undefined && { image }),
    ...(policy !== undefined && { policy }),
  };
}

function readModels(value: unknown): CapabilityModel[] {
  const aliases = new Set<string>();
  return listOf(value, 'models', LINK_LIMITS.modelsMax).map((entry, index) => {
    const model = readModel(entry, `models[${index}]`);
    if (aliases.has(model.alias)) throw checkFailure(`models[${index}].alias`);
    aliases.add(model.alias);
    return model;
  });
}

function readRecipes(value: unknown): ImageCapability[] {
  const seen = new Set<string>();
  return listOf(value, 'image', LINK_LIMITS.recipesMax).map((entry, index) => {
    const path = `image[${index}]`;
    const fields = fieldsOf(entry, path);
    const recipe = wordOf(fields['recipe'], `${path}.recipe`, LINK_LIMITS.nameMaxChars);
    if (seen.has(recipe)) throw checkFailure(`${path}.recipe`);
    seen.add(recipe);
    const speed = optional(fields['pixelStepsPerSecond'], (given) =>
      positiveNumberOf(given, `${path}.pixelStepsPerSecond`, PIXEL_SPEED_MAX),
    );
    return {
      recipe,
      maxPixels: wholeNumberOf(fields['maxPixels'], `${path}.maxPixels`, PIXELS_MAX),
      slots: wholeNumberOf(fields['slots'], `${path}.slots`, LINK_LIMITS.slotsMax),
      ...(speed !== undefined && { pixelStepsPerSecond: speed }),
    };
  });
}

function readModel(value: unknown, path: string): CapabilityModel {
  const fields = fieldsOf(value, path);
  const tokens = (name: string): number =>
    wholeNumberOf(fields[name], `${path}.${name}`, LINK_LIMITS.tokensMax);
  const flag = (name: string): boolean => booleanOf(fields[name], `${path}.${name}`);
  const word = (name: string) => (given: unknown) =>
    wordOf(given, `${path}.${name}`, LINK_LIMITS.nameMaxChars);
  const digest = optional(fields['digest'], word('digest'));
  const quant = optional(fields['quant'], word('quant'));
  const prefill = optional(fields['prefill'], (given) => booleanOf(given, `${path}.prefill`));
  const speed = optional(fields['speed'], (given) => readSpeed(given, `${path}.speed`));
  return {
    alias: word('alias')(fields['alias']),
    localName: word('localName')(fields['localName']),
    contextTokens: tokens('contextTokens'),
    maxOutputTokens: tokens('maxOutputTokens'),
    slots: wholeNumberOf(fields['slots'], `${path}.slots`, LINK_LIMITS.slotsMax),
    tools: flag('tools'),
    vision: flag('vision'),
    thinking: flag('thinking'),
    jsonSchema: flag('jsonSchema'),
    loaded: flag('loaded'),
    remoteBacked: flag('remoteBacked'),
    ...(digest !== undefined && { digest }),
    ...(quant !== undefined && { quant }),
    ...(prefill !== undefined && { prefill }),
    ...(speed !== undefined && { speed }),
  };
}

function readSpeed(value: unknown, path: string): ModelSpeed {
  const fields = fieldsOf(value, path);
  return {
    promptTokensPerSecond: positiveNumberOf(
      fields['promptTokensPerSecond'],
      `${path}.promptTokensPerSecond`,
      SPEED_MAX,
    ),
    outputTokensPerSecond: positiveNumberOf(
      fields['outputTokensPerSecond'],
      `${path}.outputTokensPerSecond`,
      SPEED_MAX,
    ),
  };
}

function readPolicy(value: unknown): NodePolicy {
  const fields = fieldsOf(value, 'policy');
  return {
    nsfw: booleanOf(fields['nsfw'], 'policy.nsfw'),
    yieldToLocal: booleanOf(fields['yieldToLocal'], 'policy.yieldToLocal'),
  };
}
