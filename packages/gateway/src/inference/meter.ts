import type { FinishPart, FinishReason, StreamPart } from '@switchyard/protocol/parts.ts';
import { NO_USAGE, type Usage } from '@switchyard/protocol/usage.ts';
import { createOutputCounter, type OutputCounter } from '../pricing/count-output.ts';

/** Watches the parts of one answer as they pass. Its memory is a few numbers, whatever the length of the answer. */
export type Meter = {
  counter: OutputCounter;
  note(parts: readonly StreamPart[]): void;
  /** Undefined until the `finish` part has come. */
  finish(): FinishReason | undefined;
  /** As the target told it. */
  stopSequence(): string | undefined;
  /** As the target reported it. */
  reported(): Usage | undefined;
  /** For the client's usage field: reported, else counted output. `settlementOf` replaces it with what is charged. */
  usage(): Usage;
  setUsage(usage: Usage): void;
  /** Another target goes on in the answer: what came so far is its input, and output all the same. */
  goesOnElsewhere(): void;
};

export function createMeter(): Meter {
  const counter = createOutputCounter();
  let last: FinishPart | undefined;
  let settled: Usage | undefined;
  let carriedTokens = 0;
  const reported = (): Usage | undefined => last?.usage && wholeUsage(last.usage, carriedTokens);
  return {
    counter,
    note(parts) {
      counter.add(parts);
      const final = parts.at(-1);
      if (final?.type === 'finish') last = final;
    },
    finish: () => last?.reason,
    stopSequence: () => last?.stopSequence,
    reported,
    usage: () => settled ?? reported() ?? NO_USAGE,
    setUsage(usage) {
      settled = usage;
    },
    goesOnElsewhere() {
      carriedTokens = counter.outputTokens();
      last = undefined;
    },
  };
}

/** The usage of an answer whose first tokens, by our own count, another target made: they are no input of the client's. */
function wholeUsage(usage: Usage, carriedTokens: number): Usage {
  if (carriedTokens === 0) return usage;
  const uncached = Math.min(carriedTokens, usage.inputTokens);
  const cached = Math.min(carriedTokens - uncached, usage.cacheReadTokens);
  return {
    ...usage,
    inputTokens: usage.inputTokens - uncached,
    cacheReadTokens: usage.cacheReadTokens - cached,
    outputTokens: usage.outputTokens + carriedTokens,
  };
}
