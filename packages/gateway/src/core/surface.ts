import type { ChatRequest } from '@switchyard/protocol/chat.ts';
import type { FinishReason, StreamPart } from '@switchyard/protocol/parts.ts';
import type { Usage } from '@switchyard/protocol/usage.ts';
import type { Dialect } from './attempt.ts';
import type { Fault } from './errors.ts';
import type { Micros } from './money.ts';
import type { Result } from './result.ts';

/** A text dialect that clients speak. Surfaces know canonical types and `core` only, never a target or another surface. */
export type TextSurface = {
  dialect: Dialect;
  /** Reads a body. Unknown fields are tolerated; what cannot be honoured is refused with the field's path. */
  decode(body: Buffer): Result<DecodedText, Fault>;
  openReply(options: ReplyOptions): ReplyEncoder;
  /** The JSON body of an error reply. */
  renderFault(fault: Fault, requestId: string): string;
};

export type DecodedText = {
  /** The model's name as the client wrote it. */
  model: string;
  stream: boolean;
  /** Whether the client asked for usage in the stream. */
  includeUsage: boolean;
  /** The client only wants to know the maximal price. */
  dryRun: boolean;
  /** `maxOutputTokens` is set only when the client gave a cap. */
  chat: ChatRequest;
};

export type ReplyOptions = {
  requestId: string;
  /** The model id that the reply names. */
  model: string;
  stream: boolean;
  includeUsage: boolean;
  createdAtMs: number;
};

/**
 * Encodes one reply. Streamed: `parts` gives the bytes to write now ('' for none). Not streamed: `parts` collects,
 * and `end` gives the whole body. After `end` or `fault` it is done.
 */
export type ReplyEncoder = {
  contentType: string;
  parts(parts: readonly StreamPart[], relay?: Buffer): string | Buffer;
  end(outcome: ReplyOutcome): string | Buffer;
  /** An error inside a started stream: never looks like a normal end. */
  fault(fault: Fault): string;
  /** Written after silence. Empty where the dialect has none. */
  keepalive(): string;
};

export type ReplyOutcome = {
  finish: FinishReason;
  usage: Usage;
  costMicros: Micros;
};
