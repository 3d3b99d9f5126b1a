import type { ChatRequest } from '@switchyard/protocol/chat.ts';
import type { Fault } from '../../core/errors.ts';
import { isJsonObject, parseJsonObject } from '../../core/json-body.ts';
import type { FieldSource, Refusals } from '../../core/json-fields.ts';
import { isAbsent, readBoolean, refuse, requireName } from '../../core/json-fields.ts';
import { LIMITS } from '../../core/limits.ts';
import type { Result } from '../../core/result.ts';
import { failed, ok } from '../../core/result.ts';
import type { DecodedText } from '../../core/surface.ts';
import { decodeMessages } from './decode-messages.ts';
import {
  decodeMaxOutputTokens,
  decodeReasoningEffort,
  decodeResponseFormat,
  decodeSampling,
  decodeStop,
} from './decode-sampling.ts';
import { decodeTools } from './decode-tools.ts';
import { openCompletionStream } from './encode-stream.ts';
import { openCompletion } from './encode.ts';

/**
 * Reads the body of POST /v1/chat/completions. Fields that no target needs (`user`, `metadata`, `store`, `logprobs`,
 * `service_tier` and all unknown ones) are tolerated and have no place in the canonical request.
 * Errors: `invalid_json`, `invalid_request`, `unsupported_parameter`, `unsupported_image_url`, each with the path of
 * the first field at fault and never a value.
 * Source: OpenAI OpenAPI document of 2026-08-21, and what today's clients were seen to send (2026-11-20).
 */
export function decodeChatCompletions(body: Buffer): Result<DecodedText, Fault> {
  const parsed = parseJsonObject(body);
  if (!parsed.ok) return parsed;
  const refusals: Refusals = { first: undefined };
  const source: FieldSource = { object: parsed.value, path: '', refusals };
  const model = requireName(source, 'model', LIMITS.nameMaxChars);
  refuseUnsupported(source);
  const stream = readBoolean(source, 'stream') ?? false;
  const includeUsage = decodeIncludeUsage(source);
  const dryRun = readBoolean(source, 'dry_run') ?? false;
  const chat = decodeChat(source);
  if (refusals.first !== undefined) return failed(refusals.first);
  return ok({
    model: model ?? '',
    stream,
    dryRun,
    chat,
    openReply: (options) => (stream ? openCompletionStream(options, includeUsage) : openCompletion(options)),
  });
}

function decodeChat(source: FieldSource): ChatRequest {
  const messages = decodeMessages(source);
  const { tools, toolChoice, parallelToolCalls } = decodeTools(source);
  const maxOutputTokens = decodeMaxOutputTokens(source);
  const reasoningEffort = decodeReasoningEffort(source);
  return {
    messages,
    tools,
    toolChoice,
    parallelToolCalls,
    responseFormat: decodeResponseFormat(source),
    sampling: decodeSampling(source),
    stop: decodeStop(source),
    ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
    ...(reasoningEffort === undefined ? {} : { reasoningEffort }),
  };
}

/** Fields that change what the client gets back in a way that no target here can give. */
function refuseUnsupported({ object, refusals }: FieldSource): void {
  const { n, modalities, audio } = object;
  if (!isAbsent(n) && n !== 1) refuse(refusals, 'n', 'must be 1.', 'unsupported_parameter');
  if (Array.isArray(modalities) && modalities.some((modality) => modality !== 'text')) {
    refuse(refusals, 'modalities', 'only "text" is supported here.', 'unsupported_parameter');
  }
  if (!isAbsent(audio)) refuse(refusals, 'audio', 'is not supported here.', 'unsupported_parameter');
}

function decodeIncludeUsage(source: FieldSource): boolean {
  const options = source.object['stream_options'];
  if (isAbsent(options)) return false;
  if (isJsonObject(options)) {
    return readBoolean({ ...source, object: options, path: 'stream_options' }, 'include_usage') ?? false;
  }
  refuse(source.refusals, 'stream_options', 'must be an object.');
  return false;
}
