import type { JobCounts, ModelActivity } from './agent.ts';
import type { StatusEvent } from './status.ts';
import { describeCounts, describeEarnings, describeStatus, PAUSE_WORDS } from './status.ts';

/** What a person who watches a terminal wants to know at a glance. */
export type LiveStatus = {
  /** Learns from what is written about the connector anyway. */
  note(event: StatusEvent, at: Date): void;
  /** The lines of now, each at most so wide. */
  lines(activity: { models: readonly ModelActivity[]; counts: JobCounts }, columns: number): string[];
};

/** More models than these are only counted. */
const MODELS_SHOWN = 8;

/** Events that say that something is wrong. */
const TROUBLES: ReadonlySet<StatusEvent['type']> = new Set([
  'engine-down',
  'job-error',
  'waiting',
  'stopped',
]);

export function createLiveStatus(program: { version: string; gateway: string }): LiveStatus {
  let link = 'starting';
  let pause = '';
  let earnings = '';
  let lastError = '';

  function noteLink(event: StatusEvent, time: string): void {
    if (event.type === 'connecting') link = 'connecting';
    else if (event.type === 'online') link = `online since ${time}`;
    else if (event.type === 'waiting') link = `offline since ${time}`;
    else if (event.type === 'draining') link = 'stopping';
  }

  return {
    note(event, at) {
      const time = clockTime(at);
      noteLink(event, time);
      if (event.type === 'paused') pause = `, paused: ${PAUSE_WORDS[event.why]}`;
      else if (event.type === 'resumed') pause = '';
      else if (event.type === 'earnings') earnings = describeEarnings(event);
      else if (TROUBLES.has(event.type)) lastError = `last trouble, ${time}: ${describeStatus(event)}`;
    },
    lines({ models, counts }, columns) {
      const head = `switchyard connector ${program.version} at ${program.gateway}: ${link}${pause}`;
      const shown = models.slice(0, MODELS_SHOWN);
      const width = Math.max(0, ...shown.map(({ alias }) => alias.length));
      const hidden = models.length - shown.length;
      return [
        '',
        head,
        ...shown.map((model) => `  ${describeModel(model, width)}`),
        ...(models.length === 0 ? ['  no models yet'] : []),
        ...(hidden > 0 ? [`  and ${hidden} more`] : []),
        `  ${describeCounts(counts)}`,
        ...(earnings === '' ? [] : [`  ${earnings}`]),
        ...(lastError === '' ? [] : [`  ${lastError}`]),
      ].map((line) => fit(line, columns));
    },
  };
}

function describeModel(
  { alias, slots, busy, done, outputTokensPerSecond }: ModelActivity,
  width: number,
): string {
  const speed = outputTokensPerSecond === undefined ? '-' : outputTokensPerSecond.toFixed(1);
  return `${alias.padEnd(width)}  ${busy} of ${slots} slots busy, ${done} done, ${speed} tokens/s`;
}

/** Names come from engines: none of them may move the cursor, and no line may break. */
function fit(line: string, columns: number): string {
  return line.replace(/\p{C}+/gu, ' ').slice(0, Math.max(1, columns - 1));
}

function clockTime(at: Date): string {
  return at.toISOString().slice(11, 19);
}
