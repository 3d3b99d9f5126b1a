import type { ChatRequest } from '@switchyard/protocol/chat.ts';
import type { StreamPart } from '@switchyard/protocol/parts.ts';

/** A local inference server, or the built-in demo model, as the connector drives it. */
export type Engine = {
  /** For status lines and capability reports: `demo`, `ollama`, `openai-compatible`. */
  kind: string;
  version: string;
  /** Asks the engine what it serves. Rejects with an `EngineError` when it cannot say. */
  inventory(signal: AbortSignal): Promise<EngineModel[]>;
  /** True when the engine answers. Used by the watchdog; never throws. */
  probe(signal: AbortSignal): Promise<boolean>;
  /** Jobs that the engine takes at once over all its models, as it says itself after `inventory`. */
  slots?(): number | undefined;
  /**
   * Requests that the engine works on or keeps waiting, whoever sent them; undefined when it does not say.
   * Stands in for `probe` where it exists: rejects when the engine does not answer.
   */
  countRequests?(signal: AbortSignal): Promise<number | undefined>;
  /** What the node's owner should know or change, after `inventory`. Safe text, the same words for the same matter. */
  notices?(): string[];
  /** Calls the listener when the engine became ready or died, so that nobody waits for the next look. */
  onChange?(listener: () => void): void;
  /** Starts a job. Exactly one of `onEnd` and `onFault` follows, unless it is cancelled first. */
  run(job: EngineJob, sink: EngineSink): EngineRun;
  close(): Promise<void>;
};

export type EngineModel = {
  /** The engine's own name of the model. */
  localName: string;
  /** The name to offer it under when the owner gives none. Absent: `localName`. */
  defaultAlias?: string;
  /** Other names that the owner may call it by: `qwen3` for `qwen3:latest`, a file's name for its path. */
  otherNames?: string[];
  contextTokens: number;
  maxOutputTokens: number;
  slots: number;
  capabilities: { tools: boolean; vision: boolean; thinking: boolean; jsonSchema: boolean };
  /** Answered by somebody else's machine; such models are refused on shared nodes. */
  remoteBacked: boolean;
  /** False: the first job has to wait until the engine has loaded it. Absent: loaded. */
  isLoaded?: boolean;
  /** It can go on in an answer that was begun elsewhere (`continuesLast`). Absent: it cannot. */
  canContinue?: boolean;
  /** Of the weights, as the engine says. */
  digest?: string;
  /** How the weights are quantised, as the engine says: `Q4_K_M`. */
  quant?: string;
};

export type EngineJob = { localName: string; chat: ChatRequest };

export type EngineSink = {
  /** Parts of one read. The `finish` part is the last one before `onEnd`. */
  onParts(parts: StreamPart[]): void;
  /** Still at work without a part (prompt processing). */
  onAlive(): void;
  onEnd(): void;
  onFault(fault: EngineFault): void;
};

export type EngineFault = {
  code: EngineFaultCode;
  /** Safe text: no content of request or answer, no address. */
  message: string;
  /** What the owner can do about it, when that is more than the code alone says. */
  fix?: string;
  /** The engine is not broken: it loads its model. */
  isStarting?: boolean;
};

/** A fault as an Error, for the calls that return a promise. */
export class EngineError extends Error {
  readonly fault: EngineFault;
  constructor(fault: EngineFault) {
    super(fault.message);
    this.name = 'EngineError';
    this.fault = fault;
  }
}

export type EngineFaultCode =
  | 'context_length_exceeded'
  | 'invalid_request'
  | 'unsupported'
  | 'overloaded'
  | 'engine_unreachable'
  | 'engine_failed'
  | 'timeout';

export type EngineRun = {
  /** Stops the work; resolves when the engine has stopped (or after 2 s at most). The sink hears nothing more. */
  cancel(): Promise<void>;
  pause(): void;
  resume(): void;
};
