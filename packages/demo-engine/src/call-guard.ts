/** Keeps the tokens of a tool call within the grammar of the offered tools. */

import { createCallGrammar, type CallState } from './call-grammar.ts';
import type { Tokenizer } from './tokenizer.ts';
import type { DemoTool } from './types.ts';

export type CallGuard = {
  /** To be called when a call begins. */
  begin(): void;
  /** Rules out, in place, every token that may not come next in the call. At least one token stays. */
  mask(logits: Float32Array): void;
  /** Tells of a token that became part of the call. */
  advance(token: number): void;
};

export function createCallGuard(tools: readonly DemoTool[], tokenizer: Tokenizer): CallGuard {
  const grammar = createCallGrammar(tools);
  let state: CallState = grammar.start;

  function after(token: number): CallState | undefined {
    let next: CallState | undefined = state;
    for (const byte of tokenizer.bytesOf(token)) {
      next = grammar.step(next, String.fromCharCode(byte));
      if (next === undefined) return undefined;
    }
    return next;
  }

  function isAllowed(token: number): boolean {
    const marker = tokenizer.markerOf(token);
    if (marker !== undefined) return marker === '</tool_call>' && state.at === 'done';
    return !tokenizer.endsAnswer(token) && after(token) !== undefined;
  }

  return {
    begin() {
      state = grammar.start;
    },
    mask(logits) {
      for (let token = 0; token < logits.length; token++) if (!isAllowed(token)) logits[token] = -Infinity;
    },
    advance(token) {
      state = after(token) ?? state;
    },
  };
}
