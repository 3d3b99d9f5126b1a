import type { ChatRequest, ReasoningEffort } from '@switchyard/protocol/chat.ts';
import type { StreamPart } from '@switchyard/protocol/parts.ts';
import type { ErrorCode, Fault } from './errors.ts';
import type { TryBudget } from './try-budget.ts';

/**
 * One try of one request at one target (a node or an upstream). The request's owner (`inference`) starts it with a
 * sink; the target pushes parts into the sink until exactly one of `onEnd` or `onFault` is called, after which it
 * stays silent. Pushing with pause/resume instead of async iteration keeps promises off the path of a chunk.
 *
 * The conversation (`chat.messages`, `chat.tools`, `original.body`) may be read until the sink has got content. Once a stream has
 * brought some, its owner empties them, so that an answer of minutes does not keep a long prompt (`forget-prompt.ts`).
 */
export type AttemptRequest = {
  /** Canonical request; `maxOutputTokens` is always set. */
  chat: ChatRequest;
  /** The name of the model at the target. */
  remoteModel: string;
  /** The name that relayed bytes shall give the model. Absent: as the target writes it. */
  replyModel?: string;
  stream: boolean;
  /** For targets that try more than once by themselves. Absent: they may, within their own rules. */
  tries?: TryBudget;
  /** Estimate of the input's tokens, for scheduling only. */
  estimatedInputTokens: number;
  /** What the client's bytes say and `chat` cannot, as the fault that names it: then only the bytes will do. */
  nativeOnly?: Fault;
  /** The effort that the model's own settings demand, whatever the client's bytes say. It stands in `chat`, too. */
  setEffort?: ReasoningEffort;
  /**
   * The client's own bytes and dialect, so that a target of the same dialect can forward them. Of the headers (names
   * and values in turn) only what a dialect itself defines may be forwarded, never a credential.
   */
  original: { dialect: Dialect; body: Buffer; rawHeaders: readonly string[] };
};

export type Dialect = 'chat-completions' | 'messages' | 'responses';

export type AttemptSink = {
  /**
   * Parts that one read of the target brought. `relay` is given by targets of the client's own dialect: these are
   * the bytes to hand on instead of encoding `parts` (which then only feed the meter).
   * Streamed: complete events without usage chunk and terminator. Not streamed: the whole JSON body, once.
   */
  onParts(parts: readonly StreamPart[], relay?: Buffer): void;
  /** The target is known to work on the request though it has no part yet (prompt processing). */
  onAlive(): void;
  /** After the `finish` part. */
  onEnd(): void;
  onFault(fault: AttemptFault): void;
};

/**
 * Why a try failed. `blame` says whether another target may be asked: `target` (it failed, or refused),
 * `request` (every target would fail it alike).
 */
export type AttemptFault = {
  code: ErrorCode;
  blame: 'target' | 'request';
  /** Safe text without any content of request or reply. */
  message?: string;
  retryAfterMs?: number;
  /**
   * The error reply of a provider of the client's own dialect about the client's own request (`blame: 'request'`), to
   * be handed on as it is: some clients mend their requests by its wording. It is never logged.
   */
  relay?: { status: number; body: Buffer };
  /** Short machine word for metrics and receipts, from a closed set of the target: `connect`, `http-5xx`, `node-lost`. */
  cause: string;
};

export type Attempt = {
  /** Stops the target's work; the sink hears nothing more. Idempotent. */
  cancel(): void;
  /** The client does not keep up: read no more from the target until `resume`. */
  pause(): void;
  resume(): void;
};
