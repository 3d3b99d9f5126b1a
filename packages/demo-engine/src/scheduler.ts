/**
 * Many jobs on one thread. Each job has a slot (a KV cache) while it runs; the running jobs take turns, one small
 * step each, so that a short job is not held up by a long one. Nothing here waits or reads a clock by itself: the
 * owner calls `runRound` again and again and handles messages in between.
 *
 * A slot keeps its cache after a job, and the next prompt that begins with the same tokens is cheaper. The cache
 * is never readable, but where several customers share an engine, one of them can learn from the time to the
 * first token (and from `cachedTokens`, which a gateway should not show across customers) that some prompt began
 * like theirs. For a demo model that is accepted.
 */

import { generate } from './generate.ts';
import type { Model } from './model.ts';
import { commonPrefix, createSession, type Session } from './session.ts';
import { encodePrompt } from './template.ts';
import type { DemoEvent, DemoFault, DemoJob, DemoResult } from './types.ts';

/** What happened to one job in a round. After `end` or `tokenCount` nothing more comes for that id. */
export type JobReport = {
  id: number;
  events: DemoEvent[];
  prefill?: { doneTokens: number; totalTokens: number };
  end?: { result: DemoResult } | { fault: DemoFault };
  tokenCount?: number;
};

export type SchedulerOptions = {
  model: Model;
  slots: number;
  /** Gets everything of a round at once; never called with an empty list. */
  onReports: (reports: JobReport[]) => void;
  /** Milliseconds from any start; only differences count. */
  now: () => number;
};

/** Ids are chosen by the owner, who also bounds how many jobs are here at a time. */
export type Scheduler = {
  submit(id: number, job: DemoJob): void;
  /** Asks for the length of a job's prompt in tokens. */
  count(id: number, job: DemoJob): void;
  /** Ends the job before its next step. Unknown ids are ignored: the job may just have ended. */
  cancel(id: number): void;
  /** Works for a few milliseconds and reports. Returns whether there is more to do. */
  runRound(): boolean;
};

/** Work per round: events are reported, and messages seen, about so often. */
const ROUND_MS = 3;

type Task = {
  id: number;
  steps: Iterator<void, void, void>;
  report: JobReport;
  needsSlot: boolean;
  isCancelled: boolean;
  slot: Slot | undefined;
};

type Slot = { session: Session; isFree: boolean; lastUse: number };

export function createScheduler(options: SchedulerOptions): Scheduler {
  const { model, now } = options;
  const slots = Array.from({ length: options.slots }, (): Slot => ({
    session: createSession(model),
    isFree: true,
    lastUse: 0,
  }));
  const waiting: Task[] = [];
  let running: Task[] = [];
  let uses = 0;

  function startWaiting(): void {
    // Counting needs no slot, so it never waits.
    for (let index = 0; index < waiting.length;) {
      const task = waiting[index];
      if (task === undefined) return;
      const isBlocked = task.needsSlot && running.filter((other) => other.needsSlot).length >= options.slots;
      if (isBlocked) index += 1;
      else running.push(...waiting.splice(index, 1));
    }
  }

  /**
   * The free slot that shares the longest start with the prompt. When that would save less than half of the
   * prompt, the slot unused for longest: a conversation that may go on keeps its memory.
   */
  function takeSlot(task: Task, prompt: readonly number[]): Session {
    const free = slots.filter((slot) => slot.isFree).sort((a, b) => a.lastUse - b.lastUse);
    const [oldest] = free;
    if (oldest === undefined) throw new Error('scheduler: more jobs are running than there are slots');
    let best = { slot: oldest, shared: 0 };
    for (const slot of free) {
      const shared = commonPrefix(slot.session, prompt);
      if (shared > best.shared) best = { slot, shared };
    }
    const slot = best.shared >= prompt.length / 2 ? best.slot : oldest;
    slot.isFree = false;
    slot.lastUse = ++uses;
    task.slot = slot;
    return slot.session;
  }

  function* generateSteps(task: Task, job: DemoJob): Generator<void, void, void> {
    const end = yield* generate({
      model,
      job,
      chooseSession: (prompt) => takeSlot(task, prompt),
      onEvent: (event) => addEvent(task.report.events, event),
      onPrefill: (doneTokens, totalTokens) => {
        task.report.prefill = { doneTokens, totalTokens };
      },
      isCancelled: () => task.isCancelled,
    });
    task.report.end = end;
  }

  function* countSteps(task: Task, job: DemoJob): Generator<void, void, void> {
    const tokens = yield* encodePrompt(job, model.tokenizer, Infinity);
    task.report.tokenCount = tokens.length;
  }

  /** Returns whether the task goes on. */
  function runStep(task: Task): boolean {
    try {
      if (task.steps.next().done !== true) return true;
    } catch {
      // The error may have met the cache half written; its text may hold anything, so it is not passed on.
      if (task.slot !== undefined) task.slot.session.tokens.length = 0;
      task.report.end = { fault: { code: 'engine_failed', message: 'The demo engine failed on this job.' } };
    }
    if (task.slot !== undefined) task.slot.isFree = true;
    return false;
  }

  function add(id: number, needsSlot: boolean, stepsOf: (task: Task) => Iterator<void, void, void>): void {
    const nothing: Iterator<void, void, void> = { next: () => ({ done: true, value: undefined }) };
    const task: Task = {
      id,
      steps: nothing,
      report: { id, events: [] },
      needsSlot,
      isCancelled: false,
      slot: undefined,
    };
    task.steps = stepsOf(task);
    waiting.push(task);
  }

  function cancelWaiting(index: number): void {
    const [task] = waiting.splice(index, 1);
    if (task === undefined) return;
    const usage = { inputTokens: 0, cachedTokens: 0, outputTokens: 0, reasoningTokens: 0 };
    options.onReports([{ id: task.id, events: [], end: { result: { finish: 'cancelled', usage } } }]);
  }

  return {
    submit: (id, job) => add(id, true, (task) => generateSteps(task, job)),
    count: (id, job) => add(id, false, (task) => countSteps(task, job)),
    cancel(id) {
      const index = waiting.findIndex((task) => task.id === id);
      if (index >= 0) cancelWaiting(index);
      const task = running.find((other) => other.id === id);
      if (task !== undefined) task.isCancelled = true;
    },
    runRound() {
      const began = now();
      const reports = new Map<number, JobReport>();
      do {
        startWaiting();
        running = running.filter((task) => {
          const goesOn = runStep(task);
          if (hasNews(task.report)) reports.set(task.id, task.report);
          return goesOn;
        });
      } while (running.length + waiting.length > 0 && now() - began < ROUND_MS);
      for (const task of running) task.report = { id: task.id, events: [] };
      if (reports.size > 0) options.onReports([...reports.values()]);
      return running.length + waiting.length > 0;
    },
  };
}

function hasNews({ events, prefill, end, tokenCount }: JobReport): boolean {
  return events.length > 0 || prefill !== undefined || end !== undefined || tokenCount !== undefined;
}

/** Text that follows text of the same kind is joined with it: fewer, larger pieces cost less on the way. */
function addEvent(events: DemoEvent[], event: DemoEvent): void {
  const last = events.at(-1);
  if (last?.type === 'text' && event.type === 'text') last.text += event.text;
  else if (last?.type === 'reasoning' && event.type === 'reasoning') last.text += event.text;
  else events.push(event);
}
