import type { FinishPart, FinishReason, StreamPart } from '@switchyard/protocol/parts.ts';
import { NO_USAGE, type Usage } from '@switchyard/protocol/usage.ts';
import { createOutputCounter, type OutputCounter } from '../pricing/count-output.ts';

/** Watches the parts of one try as they pass. Its memory is a few numbers, whatever the length of the answer. */
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
};

export function createMeter(): Meter {
  const counter = createOutputCounter();
  let last: FinishPart | undefined;
  let settled: Usage | undefined;
  return {
    counter,
    note(parts) {
      counter.add(parts);
      const final = parts.at(-1);
      if (final?.type === 'finish') last = final;
    },
    finish: () => last?.reason,
    stopSequence: () => last?.stopSequence,
    reported: () => last?.usage,
    usage: () => settled ?? last?.usage ?? NO_USAGE,
    setUsage(usage) {
      settled = usage;
    },
  };
}
