import type { StreamPart } from '@switchyard/protocol/parts.ts';
import { micros } from '../../core/money.ts';
import type { ReplyEncoder, ReplyOptions, ReplyOutcome } from '../../core/surface.ts';
import { decodeResponses } from './decode.ts';

/** For the tests of this folder: encoders of replies to requests. */
export const OPTIONS: ReplyOptions = {
  requestId: 'req_Abc123',
  model: 'acme/m "1"',
  createdAtMs: 1_795_176_000_999,
  estimatedInputTokens: 9,
};

export const OUTCOME: ReplyOutcome = {
  finish: 'stop',
  usage: {
    inputTokens: 10,
    imageInputTokens: 0,
    cacheReadTokens: 5,
    cacheWriteTokens: 3,
    outputTokens: 20,
    reasoningTokens: 4,
  },
  costMicros: micros(2_800),
  endedAtMs: 1_795_176_002_001,
};

export const USAGE = {
  input_tokens: 18,
  input_tokens_details: { cached_tokens: 5, cache_write_tokens: 3 },
  output_tokens: 24,
  output_tokens_details: { reasoning_tokens: 4 },
  total_tokens: 42,
  cost: 0.0028,
  request_id: 'req_Abc123',
};

/** Opens replies to one request: each call is another try. */
export function requestOf(fields: object = {}): () => ReplyEncoder {
  const body = { model: 'm', input: 'hi', stream: true, ...fields };
  const decoded = decodeResponses(Buffer.from(JSON.stringify(body)));
  if (!decoded.ok) throw new Error(`refused: ${JSON.stringify(decoded.error)}`);
  return () => decoded.value.openReply(OPTIONS);
}

/** A whole reply to a request: the text of each batch, and that of the end. */
export function encode(
  batches: readonly StreamPart[][],
  fields: object = {},
  outcome: Partial<ReplyOutcome> = {},
): string[] {
  const encoder = requestOf(fields)();
  const pieces = batches.map((parts) => encoder.parts(parts).toString());
  return [...pieces, encoder.end({ ...OUTCOME, ...outcome }).toString()];
}
