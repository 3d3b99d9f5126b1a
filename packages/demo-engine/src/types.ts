/**
 * The demo engine's own words: what a job is, what comes out of it, how it can fail.
 * They stand apart from the gateway's canonical types on purpose, so that this package depends on nothing.
 */

/** One turn of the conversation. `toolCalls` is only read on assistant turns. */
export type DemoMessage = {
  role: 'system' | 'user' | 'assistant' | 'tool';
  content: string;
  /** Calls that the assistant made in this turn; `argumentsText` is JSON text and is shown to the model as it is. */
  toolCalls?: { name: string; argumentsText: string }[];
};

/** A function the model may call. Of the JSON Schema only the names, types, enums and required list are shown. */
export type DemoTool = { name: string; description?: string; parameters?: unknown };

/**
 * `none` hides the tools. `required` and `{ name }` make the answer begin with a call, at once and without
 * reasoning before it. Every call, forced or not, keeps to the schema as far as `call-grammar.ts` says.
 */
export type DemoToolChoice = 'auto' | 'none' | 'required' | { name: string };

/** One generation. Ranges of the numbers are checked by `findJobProblem` in `check-job.ts`. */
export type DemoJob = {
  messages: DemoMessage[];
  tools: DemoTool[];
  toolChoice: DemoToolChoice;
  /** Asks for reasoning before the answer; without it the model does not reason. */
  thinking: boolean;
  /** The last message is an assistant's that was cut: the answer goes on there. It calls no tools. */
  continuesLast?: boolean;
  /** Generated tokens at most, reasoning included. Without it the context is the only limit. */
  maxOutputTokens?: number;
  /** 0 means: always the most likely token. */
  temperature: number;
  topP: number;
  /** 0 means no limit. */
  topK: number;
  minP: number;
  /** The same seed, job and model give the same answer. Without it every run differs. */
  seed?: number;
  frequencyPenalty: number;
  presencePenalty: number;
  /** Above 1: tokens of the prompt and the answer become less likely. Default 1. */
  repetitionPenalty?: number;
  /** At most 16. The answer ends before the first of them; reasoning and tool calls are not searched. */
  stop: string[];
};

/** A piece of the answer. Pieces of text come as they are made, a tool call comes whole. */
export type DemoEvent =
  | { type: 'text'; text: string }
  | { type: 'reasoning'; text: string }
  | { type: 'tool-call'; index: number; name: string; argumentsText: string };

/** Token counts of one job. */
export type DemoUsage = {
  /** The whole prompt, cached part included. */
  inputTokens: number;
  /** Of `inputTokens`, those that were still in the slot's memory from an earlier job. */
  cachedTokens: number;
  /** All generated tokens, reasoning and forced call starts included; the end marker is not counted. */
  outputTokens: number;
  /** Of `outputTokens`, those from `<think>` to `</think>`. */
  reasoningTokens: number;
};

export type DemoFinish = 'stop' | 'length' | 'tool-calls' | 'cancelled';

export type DemoResult = { finish: DemoFinish; usage: DemoUsage };

/** A job that gave no result. The message is safe to show and to log: it never holds content of the job. */
export type DemoFault = {
  code: 'context_length_exceeded' | 'overloaded' | 'invalid_request' | 'engine_failed';
  message: string;
};
