import { NO_RATIO, NO_YARDSTICK, type Ratio, type Yardstick, learnRatio } from '../../pricing/token-bound.ts';
import { NO_SPEEDS, type SizeClass, type SpeedCounts, noteSpeed, speedCeiling } from './speed.ts';

/** One job of a trusted node, in its own tokens and in ours. */
export type TrustedJob = {
  model: string;
  size: SizeClass;
  /** Total tokens as reported; undefined: nothing was. */
  reported: { input: number; output: number } | undefined;
  counted: { input: number; output: number };
  hasImages: boolean;
  outputPerSecond: number;
};

/** What was learned, as plain JSON, to be kept over restarts. */
export type CalibrationState = {
  ratios: Record<string, { input: Ratio; output: Ratio }>;
  speeds: Partial<Record<SizeClass, SpeedCounts>>;
};

/** What trusted nodes show of models: tokens for our count, and how fast they are. At most `MODELS_MAX` models. */
export type Calibration = {
  learn(job: TrustedJob): void;
  yardstickOf(model: string): Yardstick;
  /** Whether a trusted node has shown how this model counts. */
  isKnown(model: string): boolean;
  ceilingOf(size: SizeClass): number;
  state(): CalibrationState;
};

const MODELS_MAX = 2_000;
/** Below it one odd answer would rule. */
const SAMPLES_MIN = 5;
/** Shorter answers say nothing about speed. */
const SPEED_TOKENS_MIN = 64;

export function createCalibration(kept?: CalibrationState): Calibration {
  const ratios = new Map(Object.entries(kept?.ratios ?? {}));
  const speeds = new Map<SizeClass, SpeedCounts>(
    Object.entries(kept?.speeds ?? {}) as [SizeClass, SpeedCounts][],
  );

  return {
    learn({ model, size, reported, counted, hasImages, outputPerSecond }) {
      if (counted.output >= SPEED_TOKENS_MIN)
        speeds.set(size, noteSpeed(speeds.get(size) ?? NO_SPEEDS, outputPerSecond));
      if (reported === undefined) return;
      const before = ratios.get(model) ?? { input: NO_RATIO, output: NO_RATIO };
      if (ratios.size >= MODELS_MAX && !ratios.has(model)) return;
      ratios.set(model, {
        input: hasImages ? before.input : learnRatio(before.input, reported.input, counted.input),
        output: learnRatio(before.output, reported.output, counted.output),
      });
    },
    yardstickOf(model) {
      const known = ratios.get(model);
      if (known === undefined) return NO_YARDSTICK;
      return { input: valueOf(known.input), output: valueOf(known.output) };
    },
    isKnown: (model) => (ratios.get(model)?.output.samples ?? 0) >= SAMPLES_MIN,
    ceilingOf: (size) => speedCeiling(size, speeds.get(size) ?? NO_SPEEDS),
    state: () => ({ ratios: Object.fromEntries(ratios), speeds: Object.fromEntries(speeds) }),
  };
}

function valueOf({ value, samples }: Ratio): number {
  return samples < SAMPLES_MIN ? 1 : value;
}
