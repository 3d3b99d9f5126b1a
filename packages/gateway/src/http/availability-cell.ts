import type { Availability24h } from '@switchyard/protocol/console/common.ts';
import { clockText } from './utc-text.ts';

const QUARTER_MS = 900_000;
const QUARTERS = 96;
/** From this share on a quarter of an hour counts as available: one look of its fifteen may miss. */
const WHOLE = 0.99;
/** Times that are named, the newest ones. */
const NAMED_MAX = 4;

type Level = 'unknown' | 'up' | 'partly' | 'down';
/** Quarters side by side that are alike; `from` and `to` count quarters of the 96. */
type Run = { level: Level; from: number; to: number };

/** The last 24 hours as a strip and, for those who do not see it, the same in words. */
export function availabilityCell(history: Availability24h | null, nowMs: number): string {
  if (history === null || history.available === null) return '<span class="soft">no data yet</span>';
  const beginMs = Math.floor(nowMs / QUARTER_MS) * QUARTER_MS - (QUARTERS - 1) * QUARTER_MS;
  const runs = runsOf(history.quarters, beginMs);
  const share = `${percentText(history.available)} available`;
  return `<svg class="strip" viewBox="0 0 ${QUARTERS} 10" preserveAspectRatio="none" aria-hidden="true">${runs.map(bar).join('')}</svg>
<span>${share}</span><br><span class="soft">${wordsOf(runs, beginMs)}</span>`;
}

function runsOf(quarters: Availability24h['quarters'], beginMs: number): Run[] {
  const shares = new Map(quarters.map(({ from, available }) => [Date.parse(from), available]));
  const runs: Run[] = [];
  for (let index = 0; index < QUARTERS; index += 1) {
    const level = levelOf(shares.get(beginMs + index * QUARTER_MS));
    const last = runs.at(-1);
    if (last?.level === level) last.to = index + 1;
    else runs.push({ level, from: index, to: index + 1 });
  }
  return runs;
}

function levelOf(share: number | undefined): Level {
  if (share === undefined) return 'unknown';
  if (share >= WHOLE) return 'up';
  return share > 0 ? 'partly' : 'down';
}

function bar({ level, from, to }: Run): string {
  return `<rect class="${level}" x="${from}" y="0" width="${to - from}" height="10"/>`;
}

const WORDS: Readonly<Record<Exclude<Level, 'up'>, string>> = {
  unknown: 'no data',
  partly: 'partly',
  down: 'offline',
};

/** `no data until 12:00; partly 14:15 to 14:30`. */
function wordsOf(runs: readonly Run[], beginMs: number): string {
  const at = (quarter: number) => clockText(beginMs + quarter * QUARTER_MS);
  const named = runs.flatMap(({ level, from, to }) => {
    if (level === 'up') return [];
    const end = to === QUARTERS ? 'now' : at(to);
    return [from === 0 ? `${WORDS[level]} until ${end}` : `${WORDS[level]} ${at(from)} to ${end}`];
  });
  const left = named.length - NAMED_MAX;
  if (named.length === 0) return 'all of the time';
  return [...(left > 0 ? [`${left} more before`] : []), ...named.slice(-NAMED_MAX)].join('; ');
}

/** Never rounded up to all of it. */
function percentText(share: number): string {
  const percent = Math.floor(share * 1_000) / 10;
  return `${percent === 100 ? '100' : percent.toFixed(1)} %`;
}
