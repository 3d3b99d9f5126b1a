/**
 * The canonical chat request: what every surface decodes to and every engine or upstream encodes from.
 * It travels over the node link as JSON, so it holds plain data only and nothing that names who asked.
 */

export type TextPart = { type: 'text'; text: string };

/** An inline picture. `base64` is the standard alphabet, without a data URL's head. */
export type ImagePart = { type: 'image'; mime: ImageMime; base64: string; detail?: 'auto' | 'low' | 'high' };

export type ImageMime = 'image/png' | 'image/jpeg' | 'image/gif' | 'image/webp';

/** Reasoning of an earlier answer. A redacted one has an empty `text` and a seal. */
export type ReasoningPart = { type: 'reasoning'; text: string; seal?: ReasoningSeal };

/**
 * What a provider gave with its reasoning, to prove or to restore it later. `data` is opaque and means something only
 * at the kind of provider that gave it: it is never made up, never changed, and never sent to another kind.
 * `signature` and `redacted` are Anthropic's (a thinking block's signature, a redacted block's data); `encrypted` is
 * OpenAI's (`encrypted_content` of a reasoning item).
 */
export type ReasoningSeal = { kind: 'signature' | 'redacted' | 'encrypted'; data: string };

export type RefusalPart = { type: 'refusal'; text: string };

/** `argumentsText` stays the raw JSON text of the model: it is never parsed and written again. */
export type ToolCallPart = { type: 'tool-call'; id: string; name: string; argumentsText: string };

export type UserPart = TextPart | ImagePart;
export type AssistantPart = TextPart | ReasoningPart | RefusalPart | ToolCallPart;

export type ChatMessage =
  | { role: 'system'; content: TextPart[] }
  | { role: 'user'; content: UserPart[] }
  | { role: 'assistant'; content: AssistantPart[] }
  | { role: 'tool'; callId: string; content: UserPart[]; isError?: boolean };

/** `parameters` is a JSON Schema object as the client sent it. */
export type ToolDefinition = {
  name: string;
  description?: string;
  parameters?: Record<string, unknown>;
  strict?: boolean;
};

export type ToolChoice = 'auto' | 'none' | 'required' | { name: string };

export type ResponseFormat =
  | { type: 'text' }
  | { type: 'json-object' }
  | { type: 'json-schema'; name: string; schema: Record<string, unknown>; strict?: boolean };

export type ReasoningEffort = 'none' | 'minimal' | 'low' | 'medium' | 'high' | 'max';

/** Sampling settings. Absent means: as the engine or model has it. */
export type Sampling = {
  temperature?: number;
  topP?: number;
  topK?: number;
  minP?: number;
  frequencyPenalty?: number;
  presencePenalty?: number;
  seed?: number;
  logitBias?: Record<string, number>;
};

export type ChatRequest = {
  messages: ChatMessage[];
  tools: ToolDefinition[];
  toolChoice: ToolChoice;
  /** False: at most one tool call in the answer. */
  parallelToolCalls: boolean;
  responseFormat: ResponseFormat;
  sampling: Sampling;
  stop: string[];
  /** Upper bound of generated tokens, reasoning included. Always set by the gateway before it leaves for an engine. */
  maxOutputTokens?: number;
  /** Absent: as the model does by itself. */
  reasoningEffort?: ReasoningEffort;
  /** The last message is an answer that was cut: it goes on there. Only engines that can are asked to (`prefill`). */
  continuesLast?: boolean;
};
