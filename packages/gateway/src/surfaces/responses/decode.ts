import type { ChatMessage, ChatRequest } from '@switchyard/protocol/chat.ts';
import type { Fault } from '../../core/errors.ts';
import { parseJsonObject } from '../../core/json-body.ts';
import type { FieldSource, Refusals } from '../../core/json-fields.ts';
import { isAbsent, readBoolean, refuse, requireName } from '../../core/json-fields.ts';
import { LIMITS } from '../../core/limits.ts';
import type { Result } from '../../core/result.ts';
import { failed, ok } from '../../core/result.ts';
import type { DecodedText } from '../../core/surface.ts';
import type { DecodeContext } from './context.ts';
import { newContext } from './context.ts';
import { decodeItems, readInput } from './decode-items.ts';
import {
  decodeMaxOutputTokens,
  decodeReasoning,
  decodeResponseFormat,
  decodeSampling,
  refuseUnsupported,
} from './decode-settings.ts';
import { decodeToolChoice } from './decode-tool-choice.ts';
import { decodeTools } from './decode-tools.ts';
import { openResponseStream } from './encode-stream.ts';
import { openResponse } from './encode.ts';
import { createOpening } from './opening.ts';

/**
 * Reads the body of POST /v1/responses. Fields that no target needs (`user`, `metadata`, `store`, `client_metadata`,
 * `truncation`, `service_tier` and all unknown ones) are tolerated and have no place in the canonical request. Whatever
 * would need something stored is refused. Items and parts that other dialects cannot say make the request `nativeOnly`.
 * Errors: `invalid_json`, `invalid_request`, `unsupported_parameter`, `unsupported_image_url`, each with the path of
 * the first field at fault and never a value.
 * Source: OpenAI OpenAPI document of 2026-08-21, openai 7.55.0, and what today's clients were seen to send (2026-11-20).
 */
export function decodeResponses(body: Buffer): Result<DecodedText, Fault> {
  const parsed = parseJsonObject(body);
  if (!parsed.ok) return parsed;
  const refusals: Refusals = { first: undefined };
  const context = newContext(refusals);
  const source: FieldSource = { object: parsed.value, path: '', refusals };
  const model = requireName(source, 'model', LIMITS.nameMaxChars);
  refuseUnsupported(source);
  const stream = readBoolean(source, 'stream') ?? false;
  const dryRun = readBoolean(source, 'dry_run') ?? false;
  const reasoning = decodeReasoning(source);
  const chat = decodeChat(source, context, reasoning.effort);
  if (refusals.first !== undefined) return failed(refusals.first);
  const request = { body: parsed.value, names: context.names, reasoning, opening: createOpening() };
  return ok({
    model: model ?? '',
    stream,
    dryRun,
    chat,
    ...beyondChat(context),
    openReply: (options) => (stream ? openResponseStream(options, request) : openResponse(options, request)),
  });
}

function beyondChat({ native }: DecodeContext): Pick<DecodedText, 'nativeOnly' | 'nativeInput'> {
  const { first, bytes, isBounded } = native;
  return {
    ...(first === undefined ? {} : { nativeOnly: first }),
    ...(bytes === 0 && isBounded ? {} : { nativeInput: { bytes, isBounded } }),
  };
}

/** Tools come before the conversation, so that names do not depend on how long it has become. */
function decodeChat(
  source: FieldSource,
  context: DecodeContext,
  effort: ChatRequest['reasoningEffort'],
): ChatRequest {
  const items = readInput(source);
  const offered = decodeTools(source, items, context);
  const messages = decodeItems(items, context);
  if (messages.length === 0 && context.native.first === undefined) {
    refuse(source.refusals, 'input', 'must hold at least one message.');
  }
  const { tools, toolChoice } = decodeToolChoice(source, offered, context);
  const maxOutputTokens = decodeMaxOutputTokens(source);
  return {
    messages: [...decodeInstructions(source), ...messages],
    tools,
    toolChoice,
    parallelToolCalls: readBoolean(source, 'parallel_tool_calls') ?? true,
    responseFormat: decodeResponseFormat(source),
    sampling: decodeSampling(source),
    stop: [],
    ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
    ...(effort === undefined ? {} : { reasoningEffort: effort }),
  };
}

function decodeInstructions({ object, refusals }: FieldSource): ChatMessage[] {
  const { instructions } = object;
  if (isAbsent(instructions) || instructions === '') return [];
  if (typeof instructions === 'string') {
    return [{ role: 'system', content: [{ type: 'text', text: instructions }] }];
  }
  refuse(refusals, 'instructions', 'must be a string.');
  return [];
}
