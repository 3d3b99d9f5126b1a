/** Shared by the tests of this package: the shipped model, jobs, and ways to run them to the end. */

import { readFileSync } from 'node:fs';
import type { DemoEngine } from '../engine.ts';
import { generate, type GenerationEnd } from '../generate.ts';
import { loadModel, type Model } from '../model.ts';
import { createSession, type Session } from '../session.ts';
import type { DemoEvent, DemoFault, DemoJob, DemoMessage, DemoResult, DemoTool } from '../types.ts';

const MODELS = new URL('../../models/', import.meta.url);

export function readModelFile(name: string): Uint8Array {
  return readFileSync(new URL(name, MODELS));
}

let loaded: Model | undefined;

/** The shipped model, loaded once for each test file. */
export function demoModel(): Model {
  loaded ??= loadModel(readModelFile('Mote-1.3M-Chat-v1.0-F16.gguf'));
  return loaded;
}

export const weatherTool: DemoTool = {
  name: 'get_weather',
  description: 'Get the current weather for a city',
  parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
};

export function user(content: string): DemoMessage[] {
  return [{ role: 'user', content }];
}

/** A greedy job without tools, changed by `changes`. */
export function demoJob(changes: Partial<DemoJob> = {}): DemoJob {
  return {
    messages: user('Hello!'),
    tools: [],
    toolChoice: 'auto',
    thinking: false,
    temperature: 0,
    topP: 1,
    topK: 0,
    minP: 0,
    frequencyPenalty: 0,
    presencePenalty: 0,
    stop: [],
    ...changes,
  };
}

/** Neighbouring texts of one kind joined, so that answers can be compared however they were cut. */
export function mergeEvents(events: readonly DemoEvent[]): DemoEvent[] {
  const merged: DemoEvent[] = [];
  for (const event of events) {
    const last = merged.at(-1);
    if (last?.type === 'text' && event.type === 'text') last.text += event.text;
    else if (last?.type === 'reasoning' && event.type === 'reasoning') last.text += event.text;
    else merged.push({ ...event });
  }
  return merged;
}

export function textOf(events: readonly DemoEvent[]): string {
  return events.map((event) => (event.type === 'text' ? event.text : '')).join('');
}

/** Runs a job alone, without threads. `cancelAfter` counts steps. */
export function runGeneration(
  job: DemoJob,
  options: { session?: Session; cancelAfter?: number } = {},
): { events: DemoEvent[]; end: GenerationEnd; prefill: number[] } {
  const model = demoModel();
  const events: DemoEvent[] = [];
  const prefill: number[] = [];
  let steps = 0;
  const running = generate({
    model,
    job,
    chooseSession: () => options.session ?? createSession(model),
    onEvent: (event) => events.push(event),
    onPrefill: (doneTokens) => prefill.push(doneTokens),
    isCancelled: () => steps >= (options.cancelAfter ?? Infinity),
  });
  for (;;) {
    const step = running.next();
    if (step.done === true) return { events: mergeEvents(events), end: step.value, prefill };
    steps += 1;
  }
}

export function resultOf(end: GenerationEnd): DemoResult {
  if ('fault' in end) throw new Error(`the job ended with ${end.fault.code}`);
  return end.result;
}

export type EngineRun = { events: DemoEvent[]; result?: DemoResult; fault?: DemoFault; calls: string[] };

/** Runs a job on an engine. `calls` is the order of the handlers' calls. */
export function runOnEngine(
  engine: DemoEngine,
  job: DemoJob,
  onStart?: (control: { cancel(): void }, run: EngineRun) => void,
): Promise<EngineRun> {
  const run: EngineRun = { events: [], calls: [] };
  return new Promise((resolve) => {
    const control = engine.run(job, {
      onEvents(events) {
        run.calls.push('events');
        run.events.push(...events);
        onEvents?.();
      },
      onEnd(result) {
        run.calls.push('end');
        run.result = result;
        resolve(run);
      },
      onFault(fault) {
        run.calls.push('fault');
        run.fault = fault;
        resolve(run);
      },
    });
    const onEvents = onStart === undefined ? undefined : () => onStart(control, run);
  });
}
