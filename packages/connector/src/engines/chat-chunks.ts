import type { FinishReason, StreamPart } from '@switchyard/protocol/parts.ts';
import type { Usage } from '@switchyard/protocol/usage.ts';
import type { EngineFault } from '../engine.ts';
import { faultOfErrorObject } from './engine-errors.ts';
import type { JsonObject } from './json.ts';
import { countAt, isObject, objectAt, textAt } from './json.ts';
import { createToolCallReader } from './tool-calls.ts';

/** Reads the JSON chunks of one Chat Completions answer. */
export type ChunkDecoder = {
  /** Parts of one chunk, and a fault if the chunk reports or is one. After a fault the answer is over. */
  decode(chunk: unknown): { parts: StreamPart[]; fault?: EngineFault };
  /** True once the engine has said why the answer ended; only the usage may still come. */
  hasFinishReason(): boolean;
  /** The stream is over: the `finish` part, or the fault of a stream that broke off. */
  finish(): StreamPart | EngineFault;
};

const BAD_CHUNK: EngineFault = {
  code: 'engine_failed',
  message: 'The engine sent a chunk that cannot be read.',
};
const BAD_TOOL_CALL: EngineFault = {
  code: 'engine_failed',
  message: 'The engine sent a tool call that cannot be read.',
};
const BAD_FINISH: EngineFault = {
  code: 'engine_failed',
  message: 'The engine ended the answer for a reason that is not known.',
};
const BROKE_OFF: EngineFault = { code: 'engine_failed', message: 'The engine broke the answer off.' };

/**
 * A chunk's `message` is read like its `delta`, so a whole answer of an engine that does not stream is
 * one chunk. An answer without a finish reason is a fault, never a stop.
 */
export function createChunkDecoder(): ChunkDecoder {
  const toolCalls = createToolCallReader();
  let reason: FinishReason | undefined;
  let usage: Usage | undefined;

  function readDelta(delta: JsonObject, parts: StreamPart[]): EngineFault | undefined {
    // Some engines send the same text under both names.
    const reasoning = textAt(delta, 'reasoning_content') ?? textAt(delta, 'reasoning');
    const content = textAt(delta, 'content');
    const refusal = textAt(delta, 'refusal');
    if (reasoning !== undefined) parts.push({ type: 'reasoning-delta', text: reasoning });
    if (content !== undefined) parts.push({ type: 'text-delta', text: content });
    if (refusal !== undefined) parts.push({ type: 'refusal-delta', text: refusal });
    const pieces = delta.tool_calls;
    if (pieces === undefined || pieces === null) return undefined;
    if (!Array.isArray(pieces)) return BAD_TOOL_CALL;
    return pieces.every((piece) => toolCalls.read(piece, parts)) ? undefined : BAD_TOOL_CALL;
  }

  function readChoice(choice: JsonObject, parts: StreamPart[]): EngineFault | undefined {
    const delta = isObject(choice.delta) ? choice.delta : objectAt(choice, 'message');
    const fault = readDelta(delta, parts);
    if (fault !== undefined) return fault;
    const word = textAt(choice, 'finish_reason');
    if (word === undefined) return undefined;
    reason = readFinishReason(word);
    return reason === undefined ? BAD_FINISH : undefined;
  }

  return {
    decode(chunk) {
      const parts: StreamPart[] = [];
      if (!isObject(chunk)) return { parts, fault: BAD_CHUNK };
      if (chunk.object === 'error' || (chunk.error !== undefined && chunk.error !== null)) {
        return { parts, fault: faultOfErrorObject(chunk) };
      }
      if (isObject(chunk.usage)) usage = readUsage(chunk.usage) ?? usage;
      const choice: unknown = Array.isArray(chunk.choices) ? chunk.choices[0] : undefined;
      const fault = isObject(choice) ? readChoice(choice, parts) : undefined;
      return fault === undefined ? { parts } : { parts, fault };
    },
    hasFinishReason: () => reason !== undefined,
    finish() {
      if (reason === undefined) return BROKE_OFF;
      const hasCalls = toolCalls.count() > 0;
      // Engines say `stop` after tool calls, and `tool_calls` for calls that their parser lost.
      if (reason === 'stop' && hasCalls) reason = 'tool-calls';
      else if (reason === 'tool-calls' && !hasCalls) reason = 'stop';
      return usage === undefined ? { type: 'finish', reason } : { type: 'finish', reason, usage };
    },
  };
}

/** Words of OpenAI, and those of TGI, SGLang and older llama.cpp servers for the same. */
const FINISH_REASONS = new Map<string, FinishReason>([
  ['stop', 'stop'],
  ['eos', 'stop'],
  ['eos_token', 'stop'],
  ['stop_sequence', 'stop'],
  ['end_turn', 'stop'],
  ['length', 'length'],
  ['max_tokens', 'length'],
  ['tool_calls', 'tool-calls'],
  ['function_call', 'tool-calls'],
  ['content_filter', 'content-filter'],
]);

function readFinishReason(word: string): FinishReason | undefined {
  return FINISH_REASONS.get(word);
}

/**
 * OpenAI counts cached tokens and those of pictures into `prompt_tokens` and reasoning into `completion_tokens`; ours are disjoint.
 * Undefined when one of the two totals is missing or no whole number.
 */
function readUsage(usage: JsonObject): Usage | undefined {
  const promptTokens = countAt(usage, 'prompt_tokens');
  const completionTokens = countAt(usage, 'completion_tokens');
  if (promptTokens === undefined || completionTokens === undefined) return undefined;
  const promptDetails = objectAt(usage, 'prompt_tokens_details');
  const cached = countAt(promptDetails, 'cached_tokens') ?? 0;
  const reasoning = countAt(objectAt(usage, 'completion_tokens_details'), 'reasoning_tokens') ?? 0;
  const cacheReadTokens = Math.min(cached, promptTokens);
  const imageInputTokens = Math.min(
    countAt(promptDetails, 'image_tokens') ?? 0,
    promptTokens - cacheReadTokens,
  );
  const reasoningTokens = Math.min(reasoning, completionTokens);
  return {
    inputTokens: promptTokens - cacheReadTokens - imageInputTokens,
    imageInputTokens,
    cacheReadTokens,
    cacheWriteTokens: 0,
    outputTokens: completionTokens - reasoningTokens,
    reasoningTokens,
  };
}
