/**
 * One job from beginning to end: check, prompt, length, prefill, then token by token. It is a generator: each
 * `next()` does a small bounded piece of work, so that many jobs can take turns on one thread.
 */

import { createCallGuard } from './call-guard.ts';
import { findJobProblem } from './check-job.ts';
import { BATCH_POSITIONS, type Model } from './model.ts';
import { createOutputParser } from './output-parser.ts';
import { createSampler } from './sampling.ts';
import { commonPrefix, feed, rewind, type Session } from './session.ts';
import { createStopMatcher } from './stop.ts';
import { encodePrompt } from './template.ts';
import type { DemoEvent, DemoFault, DemoFinish, DemoJob, DemoResult, DemoTool, DemoUsage } from './types.ts';

export type GenerationEnd = { result: DemoResult } | { fault: DemoFault };

export type GenerationOptions = {
  model: Model;
  job: DemoJob;
  /** Called once, when the prompt's tokens are known: the memory that this job may use from now on. */
  chooseSession: (prompt: readonly number[]) => Session;
  onEvent: (event: DemoEvent) => void;
  onPrefill: (doneTokens: number, totalTokens: number) => void;
  /** Asked before each piece of work. */
  isCancelled: () => boolean;
};

/** Runs a job. The steps yield nothing; the return value says how it ended. */
export function* generate(options: GenerationOptions): Generator<void, GenerationEnd, void> {
  const { model, job, isCancelled } = options;
  const { contextTokens } = model.shape;
  const usage: DemoUsage = { inputTokens: 0, cachedTokens: 0, outputTokens: 0, reasoningTokens: 0 };
  const end = (finish: DemoFinish): GenerationEnd => ({ result: { finish, usage } });

  const problem = findJobProblem(job);
  if (problem !== undefined) return { fault: { code: 'invalid_request', message: problem } };
  const prompt = yield* encodePrompt(job, model.tokenizer, contextTokens);
  if (prompt.length >= contextTokens) return { fault: contextFault(prompt.length, contextTokens) };
  if (isCancelled()) return end('cancelled');
  usage.inputTokens = prompt.length;

  const session = options.chooseSession(prompt);
  usage.cachedTokens = commonPrefix(session, prompt);
  rewind(session, usage.cachedTokens);
  const answer = createAnswer(options, prompt, usage);
  const outputLimit = Math.min(job.maxOutputTokens ?? contextTokens, contextTokens - prompt.length);

  let logits: Float32Array | undefined;
  for (let at = usage.cachedTokens; at < prompt.length; at += BATCH_POSITIONS) {
    const chunk = prompt.slice(at, at + BATCH_POSITIONS);
    logits = feed(session, chunk, { wantLogits: at + chunk.length === prompt.length });
    options.onPrefill(at + chunk.length, prompt.length);
    if (logits !== undefined) break;
    yield;
    if (isCancelled()) return end('cancelled');
  }
  while (logits !== undefined) {
    const token = answer.next(logits);
    if (token === undefined) return end(answer.finish());
    if (usage.outputTokens >= outputLimit) {
      answer.finish();
      return end('length');
    }
    yield;
    if (isCancelled()) return end('cancelled');
    logits = feed(session, [token], { wantLogits: true });
  }
  throw new Error('generate: a pass gave no logits');
}

/** Chooses tokens and turns them into events; keeps the usage up to date. */
function createAnswer(
  { model, job, onEvent }: GenerationOptions,
  prompt: readonly number[],
  usage: DemoUsage,
) {
  const { tokenizer, shape } = model;
  const sampler = createSampler(job, prompt, shape.vocabulary);
  const callable = callableTools(job);
  const isForced = job.toolChoice !== 'auto' && job.toolChoice !== 'none';
  const parser = createOutputParser({ toolCalls: callable.length > 0 });
  const guard = createCallGuard(callable, tokenizer);
  const matcher = createStopMatcher(job.stop);
  /** A stop string was met: nothing goes out any more. */
  let stopped = false;

  function giveText(text: string): void {
    if (text !== '') onEvent({ type: 'text', text });
  }

  function give(events: readonly DemoEvent[]): void {
    for (const event of events) {
      if (stopped) return;
      if (event.type === 'text') {
        const matched = matcher.push(event.text);
        giveText(matched.text);
        stopped = matched.stopped;
      } else {
        giveText(matcher.flush());
        onEvent(event);
      }
    }
  }

  return {
    /** The next token, to be fed to the model; undefined when the answer is over. */
    next(logits: Float32Array): number | undefined {
      if (parser.isInCall) guard.mask(logits);
      const isFirst = usage.outputTokens === 0;
      const token = isForced && isFirst ? tokenizer.markerId('<tool_call>') : sampler.pick(logits);
      if (tokenizer.endsAnswer(token)) return undefined;
      sampler.note(token);
      usage.outputTokens += 1;
      if (parser.isInCall) guard.advance(token);
      else guard.begin();
      const marker = tokenizer.markerOf(token);
      const wasReasoning = parser.isReasoning;
      const events =
        marker === undefined ? parser.pushBytes(tokenizer.bytesOf(token)) : parser.pushMarker(marker);
      if (wasReasoning || parser.isReasoning) usage.reasoningTokens += 1;
      give(events);
      return stopped ? undefined : token;
    },
    /** Gives out what was held back; call once, when the answer is over. */
    finish(): DemoFinish {
      give(parser.end());
      giveText(matcher.flush());
      return parser.callCount > 0 ? 'tool-calls' : 'stop';
    },
  };
}

/** The tools that the model may call under the job's choice. */
function callableTools({ tools, toolChoice }: DemoJob): DemoTool[] {
  if (toolChoice === 'none') return [];
  if (toolChoice === 'auto' || toolChoice === 'required') return tools;
  return tools.filter((tool) => tool.name === toolChoice.name);
}

function contextFault(promptTokens: number, contextTokens: number): DemoFault {
  const amount = promptTokens > contextTokens ? `more than ${contextTokens}` : String(promptTokens);
  return {
    code: 'context_length_exceeded',
    message: `The prompt has ${amount} tokens; with an answer it must fit into ${contextTokens}.`,
  };
}
