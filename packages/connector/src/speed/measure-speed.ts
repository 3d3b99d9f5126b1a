import type { ChatRequest } from '@switchyard/protocol/chat.ts';
import type { ModelSpeed } from '@switchyard/protocol/link/capabilities.ts';
import { isContentPart } from '@switchyard/protocol/parts.ts';
import { totalOutputTokens } from '@switchyard/protocol/usage.ts';
import type { Usage } from '@switchyard/protocol/usage.ts';
import type { Engine, EngineFault, EngineModel, EngineRun, EngineSink } from '../engine.ts';
import type { Timers } from '../timers.ts';

/** Tokens of the request that a model is measured with, about. */
const INPUT_TOKENS = 512;
const OUTPUT_TOKENS = 64;
/** An answer that is shorter says too little about speed. */
const OUTPUT_MIN_TOKENS = 8;
/** English text in common tokenizers. Where it is less, the request is too long for a short context, and is halved. */
const CHARS_PER_TOKEN = 4;
const HALVINGS_MAX = 3;
const TIMEOUT_MS = 120_000;
/** Bound of the link. */
const SPEED_MAX = 1_000_000;
/** The link takes no speed of 0. */
const SPEED_MIN = 0.1;

export type Measured =
  | { result: 'measured'; speed: ModelSpeed }
  | { result: 'cancelled' }
  /** In words for the owner. */
  | { result: 'failed'; reason: string };

export type Measuring = { done: Promise<Measured>; cancel(): void };

type Run =
  | { end: 'done'; usage: Usage | undefined; firstMs: number; outputMs: number }
  | { end: EngineFault };

/**
 * Asks a model one question of its own making, and measures how fast it reads and writes. The words are at random, so
 * that no cache has them. Nothing of the answer is kept.
 */
export function measureSpeed(
  engine: Pick<Engine, 'run'>,
  model: Pick<EngineModel, 'localName' | 'contextTokens'>,
  { timers, random }: { timers: Timers; random: () => number },
): Measuring {
  let isCancelled = false;
  let giveUpNow = (): void => undefined;

  async function measure(): Promise<Measured> {
    let inputTokens = Math.min(INPUT_TOKENS, Math.floor(model.contextTokens / 2));
    for (let halvings = 0; ; halvings += 1) {
      const run = await runOnce(inputTokens);
      if (isCancelled) return { result: 'cancelled' };
      if (run.end === 'done') return speedOf(run);
      const isTooLong = run.end.code === 'context_length_exceeded' && halvings < HALVINGS_MAX;
      if (!isTooLong) return { result: 'failed', reason: run.end.message };
      inputTokens = Math.floor(inputTokens / 2);
    }
  }

  function runOnce(inputTokens: number): Promise<Run> {
    const startedMs = timers.nowMs();
    const job = { localName: model.localName, chat: questionOf(inputTokens, random) };
    let firstPartMs: number | undefined;
    let usage: Usage | undefined;
    let run: EngineRun | undefined;
    return new Promise((resolve) => {
      const timeout = timers.after(TIMEOUT_MS, () => giveUp());
      const end = (ended: Run): void => {
        timeout.cancel();
        resolve(ended);
      };
      const giveUp = (): void => {
        void run?.cancel();
        end({ end: TOO_SLOW });
      };
      giveUpNow = giveUp;
      const sink: EngineSink = {
        onParts(parts) {
          if (parts.some(isContentPart)) firstPartMs ??= timers.nowMs();
          const last = parts.at(-1);
          if (last?.type === 'finish') usage = last.usage;
        },
        onAlive: () => undefined,
        onEnd() {
          const endedMs = timers.nowMs();
          const firstMs = firstPartMs ?? endedMs;
          end({ end: 'done', usage, firstMs: firstMs - startedMs, outputMs: endedMs - firstMs });
        },
        onFault: (fault) => end({ end: fault }),
      };
      try {
        run = engine.run(job, sink);
      } catch {
        end({ end: { code: 'engine_failed', message: 'The engine could not be asked.' } });
      }
    });
  }

  const done = measure();
  return {
    done,
    cancel() {
      isCancelled = true;
      giveUpNow();
    },
  };
}

const TOO_SLOW: EngineFault = { code: 'timeout', message: 'It took too long.' };

/** Speeds are made of the engine's own counts. What it read from a cache took it no time. */
function speedOf({ usage, firstMs, outputMs }: Extract<Run, { end: 'done' }>): Measured {
  if (usage === undefined) return { result: 'failed', reason: 'The engine does not count its tokens.' };
  const written = totalOutputTokens(usage);
  if (written < OUTPUT_MIN_TOKENS || outputMs <= 0)
    return { result: 'failed', reason: 'The answer was too short.' };
  const read = Math.max(1, usage.inputTokens + usage.cacheWriteTokens);
  return {
    result: 'measured',
    speed: {
      promptTokensPerSecond: perSecond(read, firstMs),
      // The first token belongs to the time before it.
      outputTokensPerSecond: perSecond(written - 1, outputMs),
    },
  };
}

function perSecond(tokens: number, durationMs: number): number {
  const speed = Math.round((10_000 * tokens) / Math.max(durationMs, 0.1)) / 10;
  return Math.min(SPEED_MAX, Math.max(SPEED_MIN, speed));
}

const WORDS =
  'the river runs past an old mill where people once ground corn while small boats carried salt and wood up to the town';

function questionOf(inputTokens: number, random: () => number): ChatRequest {
  const words = WORDS.split(' ');
  let text = 'Continue this list of words with as many words as you can:';
  while (text.length < inputTokens * CHARS_PER_TOKEN)
    text += ` ${words[Math.floor(random() * words.length)]}`;
  return {
    messages: [{ role: 'user', content: [{ type: 'text', text }] }],
    tools: [],
    toolChoice: 'auto',
    parallelToolCalls: true,
    responseFormat: { type: 'text' },
    sampling: { temperature: 1 },
    stop: [],
    maxOutputTokens: OUTPUT_TOKENS,
  };
}
