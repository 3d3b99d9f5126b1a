import type { StreamPart } from '@switchyard/protocol/parts.ts';
import type { JsonObject } from '../../core/json-body.ts';
import { isJsonObject } from '../../core/json-body.ts';
import type { ToolCallReader } from './tool-calls.ts';

/**
 * A `delta` or `message` object, read. `fixed` is the object as it should have been written; it is undefined when the
 * original is right as it stands. `isBroken`: it holds something that cannot be understood.
 */
export type ReadDelta = { parts: StreamPart[]; fixed: JsonObject | undefined; isBroken: boolean };

/**
 * Reads texts and calls of a delta (streamed) or a message (whole); both have the same fields. Tolerated: content as
 * an array of parts (Mistral), `reasoning` for `reasoning_content` (OpenRouter, newer vLLM), and the retired
 * `function_call`. Reasoning comes before text, text before calls.
 */
export function readDelta(delta: JsonObject, calls: ToolCallReader): ReadDelta {
  const parts: StreamPart[] = [];
  const content = joinContent(delta['content']);
  const reasoning = pickText(delta['reasoning_content']) ?? pickText(delta['reasoning']) ?? content.reasoning;
  if (reasoning !== '') parts.push({ type: 'reasoning-delta', text: reasoning });
  if (content.text !== '') parts.push({ type: 'text-delta', text: content.text });
  const refusal = pickText(delta['refusal']);
  if (refusal !== undefined) parts.push({ type: 'refusal-delta', text: refusal });

  const entries = callEntries(delta);
  const read = entries.map((entry) => calls.read(entry));
  for (const call of read) if (call !== undefined) parts.push(...call.parts);
  const isBroken = content.isBroken || read.includes(undefined);

  const hasOddContent = Array.isArray(delta['content']);
  const hasOddCalls = read.some((call) => call?.isClean === false) || isObjectCall(delta);
  if (!hasOddContent && !hasOddCalls) return { parts, fixed: undefined, isBroken };
  const fixed: JsonObject = { ...delta };
  delete fixed['function_call'];
  if (hasOddContent) {
    fixed['content'] = content.text;
    if (reasoning !== '') fixed['reasoning_content'] = reasoning;
  }
  if (entries.length > 0) fixed['tool_calls'] = read.map((call) => call?.entry);
  return { parts, fixed, isBroken };
}

function pickText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

type Content = { text: string; reasoning: string; isBroken: boolean };

function joinContent(value: unknown): Content {
  if (typeof value === 'string') return { text: value, reasoning: '', isBroken: false };
  const isAbsent = value === undefined || value === null;
  if (!Array.isArray(value)) return { text: '', reasoning: '', isBroken: !isAbsent };
  let text = '';
  let reasoning = '';
  for (const entry of value) {
    if (typeof entry === 'string') text += entry;
    else if (!isJsonObject(entry)) continue;
    else if (typeof entry['text'] === 'string') text += entry['text'];
    else reasoning += joinContent(entry['thinking']).text;
  }
  return { text, reasoning, isBroken: false };
}

function isObjectCall(delta: JsonObject): boolean {
  return isJsonObject(delta['function_call']);
}

function callEntries(delta: JsonObject): unknown[] {
  const calls = delta['tool_calls'];
  if (Array.isArray(calls)) return calls;
  return isObjectCall(delta) ? [{ function: delta['function_call'] }] : [];
}
