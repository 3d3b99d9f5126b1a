import type { ChatRequest } from '@switchyard/protocol/chat.ts';
import type { Fault } from '../../core/errors.ts';
import { parseJsonObject } from '../../core/json-body.ts';
import type { FieldSource } from '../../core/json-fields.ts';
import { isAbsent, readBoolean, readNumber, refuse, requireName } from '../../core/json-fields.ts';
import { LIMITS } from '../../core/limits.ts';
import type { Result } from '../../core/result.ts';
import { failed, ok } from '../../core/result.ts';
import type { DecodedText } from '../../core/surface.ts';
import { decodeMessages } from './decode-messages.ts';
import {
  decodeReasoningEffort,
  decodeResponseFormat,
  decodeSampling,
  decodeStop,
} from './decode-settings.ts';
import { decodeTools } from './decode-tools.ts';
import { openMessageStream } from './encode-stream.ts';
import { openMessage } from './encode.ts';
import { THREAD_FIELD } from './fault-body.ts';
import type { Reading } from './reading.ts';
import { newReading, noteNative } from './reading.ts';

/**
 * Reads the body of POST /v1/messages. Settings that no other target needs (`metadata`, `context_management`,
 * `container`, `service_tier`, `speed`, cache marks, and all unknown fields) are tolerated and have no place in the
 * canonical request; content that has none makes the request `nativeOnly`.
 * Errors: `invalid_json`, `invalid_request`, `unsupported_image_url`, each with the path of the first field at fault
 * and never a value.
 * Source: @anthropic-ai/sdk 1.11.0 with its betas, and what today's clients were seen to send (2026-11-20).
 */
export function decodeMessagesBody(body: Buffer): Result<DecodedText, Fault> {
  return decode(body, 'required');
}

/** Reads the body of POST /v1/messages/count_tokens: the same without `max_tokens`. */
export function decodeCountBody(body: Buffer): Result<DecodedText, Fault> {
  return decode(body, 'optional');
}

function decode(body: Buffer, maxTokens: 'required' | 'optional'): Result<DecodedText, Fault> {
  const parsed = parseJsonObject(body);
  if (!parsed.ok) return parsed;
  const reading = newReading(body);
  const { refusals } = reading;
  const source: FieldSource = { object: parsed.value, path: '', refusals };
  refuseThread(source);
  const model = requireName(source, 'model', LIMITS.nameMaxChars);
  if (maxTokens === 'required' && isAbsent(source.object['max_tokens'])) {
    refuse(refusals, 'max_tokens', 'is required.');
  }
  const stream = readBoolean(source, 'stream') ?? false;
  const dryRun = readBoolean(source, 'dry_run') ?? false;
  const chat = decodeChat(source, reading);
  if (!isAbsent(source.object['compaction'])) noteNative(reading, 'compaction', 'A request for a compaction');
  if (refusals.first !== undefined) return failed(refusals.first);
  return ok({
    model: model ?? '',
    stream,
    dryRun,
    chat,
    ...beyondChat(reading),
    openReply: (options) => (stream ? openMessageStream(options) : openMessage(options)),
  });
}

function beyondChat({ native }: Reading): Pick<DecodedText, 'nativeOnly' | 'nativeInput'> {
  const { first, bytes, isBounded } = native;
  return {
    ...(first === undefined ? {} : { nativeOnly: first }),
    ...(bytes === 0 && isBounded ? {} : { nativeInput: { bytes, isBounded } }),
  };
}

function decodeChat(source: FieldSource, reading: Reading): ChatRequest {
  const maxOutputTokens = readNumber(source, 'max_tokens', {
    min: 1,
    max: Number.MAX_SAFE_INTEGER,
    integer: true,
  });
  const messages = decodeMessages(source, reading);
  const tools = decodeTools(source, reading);
  const reasoningEffort = decodeReasoningEffort(source);
  return {
    messages,
    ...tools,
    responseFormat: decodeResponseFormat(source),
    sampling: decodeSampling(source),
    stop: decodeStop(source),
    ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
    ...(reasoningEffort === undefined ? {} : { reasoningEffort }),
  };
}

/**
 * A thread is a conversation that the provider keeps, of which a request holds only the newest part. Nothing is kept
 * here, and nobody may reach what another customer of the same provider's key left there.
 */
function refuseThread({ object, refusals }: FieldSource): void {
  if (isAbsent(object[THREAD_FIELD])) return;
  refuse(
    refusals,
    THREAD_FIELD,
    'nothing is kept between requests: send the whole conversation without it.',
    'unsupported_parameter',
  );
}
