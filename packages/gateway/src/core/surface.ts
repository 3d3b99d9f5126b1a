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
  /** What the dialect calls the fields that a model may refuse. */
  fields: { messages: string; tools: string; responseFormat: string };
  /** Reads a body. Unknown fields are tolerated; what cannot be honoured is refused with the field's path. */
  decode(body: Buffer): Result<DecodedText, Fault>;
  /** The JSON body of an error reply. */
  renderFault(fault: Fault, requestId: string): string;
  /** Another fault in place of this one, for a client that is known to misread it. Only before the first byte. */
  adaptFault?(fault: Fault, rawHeaders: readonly string[]): Fault;
};

/** A dialect that also counts the input of a request. `decode` reads the body of that. */
export type TokenCountSurface = TextSurface & {
  /** The JSON body of the answer. */
  renderCount(inputTokens: number): string;
};

export type DecodedText = {
  /** The model's name as the client wrote it. */
  model: string;
  stream: boolean;
  /** The client only wants to know the maximal price. */
  dryRun: boolean;
  /** `maxOutputTokens` is set only when the client gave a cap. */
  chat: ChatRequest;
  /**
   * Something in the request that the canonical form cannot say, as the fault that names it: only targets of the same
   * dialect, which get the client's own bytes, may serve the request.
   */
  nativeOnly?: Fault;
  nativeInput?: NativeInput;
  /** The encoder of this request's reply. Each try gets a new one. */
  openReply(options: ReplyOptions): ReplyEncoder;
};

/**
 * Input that only targets of the same dialect read, in the client's own bytes: it is not in `chat`. `bytes` are those of
 * its JSON; `isBounded` is false where they do not bound its tokens, since the target opens something (a PDF, a file).
 */
export type NativeInput = { bytes: number; isBounded: boolean };

export type ReplyOptions = {
  requestId: string;
  /** The model id that the reply names. */
  model: string;
  createdAtMs: number;
  /** For dialects that tell the input's tokens before the answer. Their true number comes with the end. */
  estimatedInputTokens: number;
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
  /** The stop string that ended the answer, where the target told it. */
  stopSequence?: string;
  usage: Usage;
  costMicros: Micros;
  /** Another node went on in the answer. Absent: no. */
  isContinued?: boolean;
  /** Wall clock, for dialects that tell it. */
  endedAtMs?: number;
};
