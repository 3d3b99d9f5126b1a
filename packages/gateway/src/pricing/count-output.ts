import type { StreamPart } from '@switchyard/protocol/parts.ts';
import type { Usage } from '@switchyard/protocol/usage.ts';

/** A low estimate, in the client's favour: prose has 4-5 bytes for each token, code and most other scripts fewer. */
const BYTES_PER_TOKEN = 4;
/** Generated tokens that never show in a part: the end mark, a held-back stop string, marks around reasoning. */
const HIDDEN_TOKENS_PER_ANSWER = 64;
/** Syntax that an engine turns into a call's name and arguments. */
const HIDDEN_TOKENS_PER_TOOL_CALL = 64;

/** Counts the output of one request from its parts as they come. Its memory is four numbers. */
export type OutputCounter = {
  add(parts: readonly StreamPart[]): void;
  /** Parts with something in them, so far. 0 means that the client got nothing. */
  contentParts(): number;
  /** Tokens so far as a low estimate: UTF-8 bytes / 4, rounded up per bucket. Never more than the bytes. */
  outputTokens(): number;
  reasoningTokens(): number;
  toolCalls(): number;
  /** More tokens than this cannot be behind these parts, whatever the tokenizer: one for each byte, and hidden marks. */
  ceilingTokens(): number;
};

/** Made for each attempt, and for targets without usage the source of the charge. Text of refusals and tool calls is output. */
export function createOutputCounter(): OutputCounter {
  let outputBytes = 0;
  let reasoningBytes = 0;
  let toolCalls = 0;
  let contentParts = 0;
  return {
    add(parts) {
      for (const part of parts) {
        switch (part.type) {
          case 'text-delta':
          case 'refusal-delta': {
            if (part.text !== '') contentParts += 1;
            outputBytes += Buffer.byteLength(part.text);
            break;
          }
          case 'reasoning-delta': {
            if (part.text !== '') contentParts += 1;
            reasoningBytes += Buffer.byteLength(part.text);
            break;
          }
          case 'tool-call-start': {
            contentParts += 1;
            toolCalls += 1;
            outputBytes += Buffer.byteLength(part.name);
            break;
          }
          case 'tool-call-delta': {
            if (part.argumentsText !== '') contentParts += 1;
            outputBytes += Buffer.byteLength(part.argumentsText);
            break;
          }
          case 'reasoning-seal':
          case 'finish':
            break;
        }
      }
    },
    contentParts: () => contentParts,
    outputTokens: () => Math.ceil(outputBytes / BYTES_PER_TOKEN),
    reasoningTokens: () => Math.ceil(reasoningBytes / BYTES_PER_TOKEN),
    toolCalls: () => toolCalls,
    ceilingTokens: () =>
      outputBytes + reasoningBytes + HIDDEN_TOKENS_PER_ANSWER + HIDDEN_TOKENS_PER_TOOL_CALL * toolCalls,
  };
}

/** Our own count of a request as a usage, for `decideCharge`. */
export function countedUsage(inputTokensEstimate: number, counter: OutputCounter): Usage {
  return {
    inputTokens: inputTokensEstimate,
    imageInputTokens: 0,
    cacheReadTokens: 0,
    cacheWriteTokens: 0,
    outputTokens: counter.outputTokens(),
    reasoningTokens: counter.reasoningTokens(),
  };
}
