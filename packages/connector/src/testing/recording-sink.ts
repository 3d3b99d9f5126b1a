import type { StreamPart } from '@switchyard/protocol/parts.ts';
import type { EngineFault, EngineSink } from '../engine.ts';

export type Outcome = { parts: StreamPart[]; alive: number; fault?: EngineFault };

/** A sink that notes everything and fails the test when it hears something after the end. */
export type RecordingSink = EngineSink & {
  parts: StreamPart[];
  /** Resolves with everything at `onEnd` or `onFault`. */
  outcome: Promise<Outcome>;
  /** Resolves when the first parts have come. */
  firstParts: Promise<void>;
  /** How many of `onEnd` and `onFault` came. */
  ends(): number;
};

export function createRecordingSink(): RecordingSink {
  const parts: StreamPart[] = [];
  const outcome = Promise.withResolvers<Outcome>();
  const firstParts = Promise.withResolvers<void>();
  let alive = 0;
  let ends = 0;

  function stillOpen(): void {
    if (ends > 0) throw new Error('the sink heard something after the end');
  }

  return {
    parts,
    outcome: outcome.promise,
    firstParts: firstParts.promise,
    ends: () => ends,
    onParts(more) {
      stillOpen();
      if (more.length === 0) throw new Error('the sink got an empty list');
      parts.push(...more);
      firstParts.resolve();
    },
    onAlive() {
      stillOpen();
      alive += 1;
    },
    onEnd() {
      stillOpen();
      ends += 1;
      outcome.resolve({ parts, alive });
    },
    onFault(fault) {
      stillOpen();
      ends += 1;
      outcome.resolve({ parts, alive, fault });
    },
  };
}
