import type { FinishReason, StreamPart } from '@switchyard/protocol/parts.ts';
import type { Usage } from '@switchyard/protocol/usage.ts';
import type { EngineFault } from '../engine.ts';
import type { AnswerReader } from './answer-reader.ts';
import { createAnswerReader } from './answer-reader.ts';
import type { ChunkDecoder } from './chat-chunks.ts';
import { faultOfErrorObject } from './engine-errors.ts';
import type { JsonObject } from './json.ts';
import { countAt, isObject, objectAt, parseJson, parseJsonExactly, textAt } from './json.ts';
import { createToolCallReader, newCallId } from './tool-calls.ts';

const BAD_CHUNK: EngineFault = {
  code: 'engine_failed',
  message: 'The engine sent a line that cannot be read.',
};
const BROKE_OFF: EngineFault = { code: 'engine_failed', message: 'The engine broke the answer off.' };
const REMOTE: EngineFault = {
  code: 'engine_failed',
  message: 'The engine had the model answered by another machine.',
};

export type OllamaAnswerOptions = {
  parallelToolCalls: boolean;
  /** False on shared nodes: an answer that comes from elsewhere ends as a fault. */
  allowsRemote: boolean;
};

/**
 * An answer of `POST /api/chat`: one JSON object a line, the last one with `done`, a reason and the counts.
 * Errors are lines of their own. Source: `docs/api.md` of Ollama 0.17.4, read and tried 2026-11-21.
 */
export function ollamaAnswer(options: OllamaAnswerOptions): AnswerReader {
  return createAnswerReader({
    readLine: (text) => ({ kind: 'chunk', value: readLine(text) }),
    decoder: createOllamaDecoder(options),
  });
}

/** Arguments of calls are objects here and text for everybody else: no digit of a number may be lost on the way. */
function readLine(text: string): unknown {
  return text.includes('"tool_calls"') ? parseJsonExactly(text) : parseJson(text);
}

function createOllamaDecoder(options: OllamaAnswerOptions): ChunkDecoder {
  const toolCalls = createToolCallReader();
  let reason: FinishReason | undefined;
  let usage: Usage | undefined;

  function readMessage(message: JsonObject, parts: StreamPart[]): EngineFault | undefined {
    const thinking = textAt(message, 'thinking');
    const content = textAt(message, 'content');
    if (thinking !== undefined) parts.push({ type: 'reasoning-delta', text: thinking });
    if (content !== undefined) parts.push({ type: 'text-delta', text: content });
    const calls = message.tool_calls;
    if (calls === undefined || calls === null) return undefined;
    if (!Array.isArray(calls)) return BAD_CHUNK;
    return calls.every((call) => readCall(call, parts)) ? undefined : BAD_CHUNK;
  }

  /** Every call comes whole. Calls after the first are dropped when only one was asked for. */
  function readCall(call: unknown, parts: StreamPart[]): boolean {
    if (!isObject(call)) return false;
    if (toolCalls.count() > 0 && !options.parallelToolCalls) return true;
    return toolCalls.read({ id: textAt(call, 'id') ?? newCallId(), function: call.function }, parts);
  }

  return {
    decode(line) {
      const parts: StreamPart[] = [];
      if (!isObject(line)) return { parts, fault: BAD_CHUNK };
      if (line.error !== undefined && line.error !== null) return { parts, fault: faultOfErrorObject(line) };
      if (!options.allowsRemote && textAt(line, 'remote_host') !== undefined) return { parts, fault: REMOTE };
      const fault = readMessage(objectAt(line, 'message'), parts);
      if (fault !== undefined) return { parts, fault };
      if (line.done === true) {
        usage = readUsage(line);
        reason = DONE_REASONS.get(textAt(line, 'done_reason') ?? '');
        if (reason === undefined) return { parts, fault: BROKE_OFF };
      }
      return { parts };
    },
    hasFinishReason: () => reason !== undefined,
    finish() {
      if (reason === undefined) return BROKE_OFF;
      // Ollama says `stop` after tool calls, too.
      const last = reason === 'stop' && toolCalls.count() > 0 ? 'tool-calls' : reason;
      return { type: 'finish', reason: last, ...(usage === undefined ? {} : { usage }) };
    },
  };
}

/** `load` and `unload` answer requests without messages; no reason at all means that the runner went away. */
const DONE_REASONS = new Map<string, FinishReason>([
  ['stop', 'stop'],
  ['length', 'length'],
]);

/**
 * `prompt_eval_count` is the whole prompt, cached or not, and `eval_count` holds thinking, too. A count of 0 is
 * left out. Without the first the whole usage is worth nothing: there is no empty prompt.
 */
function readUsage(line: JsonObject): Usage | undefined {
  const inputTokens = countAt(line, 'prompt_eval_count');
  if (inputTokens === undefined) return undefined;
  const outputTokens = countAt(line, 'eval_count') ?? 0;
  return {
    inputTokens,
    imageInputTokens: 0,
    cacheReadTokens: 0,
    cacheWriteTokens: 0,
    outputTokens,
    reasoningTokens: 0,
  };
}
