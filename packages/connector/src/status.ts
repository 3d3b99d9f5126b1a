import type { ModelSpeed } from '@switchyard/protocol/link/capabilities.ts';
import type { Notice } from '@switchyard/protocol/link/messages.ts';
import type { JobCounts } from './agent.ts';
import type { EngineFaultCode } from './engine.ts';
import type { PauseReason } from './fair-use.ts';

/** Everything that the connector says about itself. Nothing of a request or an answer is ever in it. */
export type StatusEvent =
  | { type: 'problem'; message: string }
  | { type: 'warning'; message: string }
  | { type: 'found'; kind: string; address: string }
  | { type: 'connecting'; gateway: string; attempt: number }
  | { type: 'online'; session: string; models: { alias: string; slots: number }[] }
  | { type: 'waiting'; retryInMs: number; reason: string }
  | { type: 'stopped'; reason: string }
  | { type: 'engine-up'; engine: string; models: string[] }
  | { type: 'engine-down'; engine: string; reason: string; fix: string }
  | { type: 'engine-starting'; engine: string; reason: string }
  | { type: 'job-error'; code: EngineFaultCode; reason: string; fix: string }
  | { type: 'jobs'; counts: JobCounts }
  | { type: 'paused'; why: PauseReason }
  | { type: 'resumed' }
  | { type: 'measured'; model: string; speed: ModelSpeed }
  | ({ type: 'earnings' } & NonNullable<Notice['earnings']>)
  | { type: 'update'; newest: string; own: string }
  | { type: 'draining'; running: number; graceMs: number }
  | { type: 'ended' };

export type StatusWriter = (event: StatusEvent) => void;

export type StatusOptions = {
  json: boolean;
  /** Takes one line without its end. */
  writeLine(line: string): void;
  now(): Date;
};

/** One readable line for each event, or one JSON object. */
export function createStatusWriter({ json, writeLine, now }: StatusOptions): StatusWriter {
  return (event) => {
    const time = now().toISOString();
    if (json) writeLine(JSON.stringify({ time, ...event }));
    else writeLine(`${time.slice(11, 19)} ${plainText(describeStatus(event))}`);
  };
}

/** The connector's only door to the console. */
export function writeToConsole(line: string): void {
  process.stdout.write(`${line}\n`);
}

const TEXT_MAX_CHARS = 1_000;

/** Names and reasons come from engines and gateways: none of them may move a terminal's cursor or flood it. */
function plainText(text: string): string {
  return text.replace(/\p{C}+/gu, ' ').slice(0, TEXT_MAX_CHARS);
}

export const PAUSE_WORDS: Record<PauseReason, string> = {
  hours: 'it is outside of its hours',
  'local-use': 'somebody else uses the engine',
};

/** An event in words, which may still hold what an engine called itself: see `plainText`. */
export function describeStatus(event: StatusEvent): string {
  switch (event.type) {
    case 'problem':
      return `error: ${event.message}`;
    case 'warning':
      return `warning: ${event.message}`;
    case 'found':
      return `found ${event.kind} at ${event.address}`;
    case 'connecting':
      return `connecting to ${event.gateway}${event.attempt > 1 ? ` (try ${event.attempt})` : ''}`;
    case 'online':
      return `online with ${describeModels(event.models)}`;
    case 'waiting':
      return `offline: ${event.reason} Trying again in ${seconds(event.retryInMs)}.`;
    case 'stopped':
      return `stopped: ${event.reason}`;
    case 'engine-up':
      return `engine ${event.engine} is ready: ${event.models.join(', ') || 'no models'}`;
    case 'engine-down':
      return `engine ${event.engine} is down: ${event.reason} ${event.fix}`;
    case 'engine-starting':
      return `engine ${event.engine} is getting ready: ${event.reason}`;
    case 'job-error':
      return `a job failed (${event.code}): ${event.reason} ${event.fix}`;
    case 'jobs':
      return describeCounts(event.counts);
    case 'paused':
      return `paused: ${PAUSE_WORDS[event.why]}`;
    case 'resumed':
      return 'serving again';
    case 'measured':
      return describeSpeed(event.model, event.speed);
    case 'earnings':
      return describeEarnings(event);
    case 'update':
      return `version ${event.newest} of the connector is there, this is ${event.own}: update it`;
    case 'draining':
      return describeDrain(event.running, event.graceMs);
    case 'ended':
      return 'ended';
  }
  return '';
}

function describeModels(models: { alias: string; slots: number }[]): string {
  if (models.length === 0) return 'no models yet';
  return models.map(({ alias, slots }) => `${alias} (${slots} ${slots === 1 ? 'slot' : 'slots'})`).join(', ');
}

function describeDrain(running: number, graceMs: number): string {
  if (running === 0) return 'stopping';
  const jobs = running === 1 ? '1 running job' : `${running} running jobs`;
  return `stopping after ${jobs}, in ${seconds(graceMs)} at most; ask again to stop now`;
}

function describeSpeed(model: string, { promptTokensPerSecond, outputTokensPerSecond }: ModelSpeed): string {
  return `model ${model} reads ${promptTokensPerSecond} and writes ${outputTokensPerSecond} tokens a second`;
}

export function describeEarnings(earned: NonNullable<Notice['earnings']>): string {
  return `earned: ${dollars(earned.payableMicros)} payable, ${dollars(earned.pendingMicros)} pending`;
}

/** Whole µ$ as dollars, without arithmetic on fractions. */
function dollars(micros: number): string {
  const cents = Math.floor(micros / 10_000);
  return `$${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}`;
}

export function describeCounts(counts: JobCounts): string {
  const { running, done, failed, cancelled, inputTokens, outputTokens } = counts;
  const jobs = `jobs: ${running} running, ${done} done, ${failed} failed, ${cancelled} cancelled`;
  return `${jobs}; tokens: ${inputTokens} in, ${outputTokens} out`;
}

function seconds(durationMs: number): string {
  return `${Math.max(1, Math.round(durationMs / 1000))} s`;
}
