import type { Database } from 'better-sqlite3';
import { addMicros, micros, ZERO_MICROS } from '../../../core/money.ts';
import { priceUsage } from '../../../pricing/meter.ts';
import type { RepriceQuestion, Repricing } from '../../../receipts/reader.ts';

const DAY_MS = 86_400_000;
/** Receipts are in the order in which requests ended: none that began on a day ends more than this after it. */
const LONGEST_MS = 2 * 3_600_000;

type Row = {
  input_tokens: number;
  image_input_tokens: number;
  cache_read_tokens: number;
  cache_write_tokens: number;
  output_tokens: number;
  reasoning_tokens: number;
  charged: number;
};

/**
 * What the charged requests of a model on a day would have cost at another price, request by request. Free ones stay
 * free. The day's place in the receipts is found by halving, so only its own rows are read.
 */
export function createRepricing(ledger: Database): (question: RepriceQuestion) => Repricing {
  const newest = ledger.prepare<[], number | null>('SELECT max(seq) FROM receipt').pluck();
  const next = ledger.prepare<[number], { seq: number; started_at_ms: number }>(
    'SELECT seq, started_at_ms FROM receipt WHERE seq >= ? ORDER BY seq LIMIT 1',
  );
  const rows = ledger.prepare<[number, number, number, number, string], Row>(
    `SELECT input_tokens, image_input_tokens, cache_read_tokens, cache_write_tokens, output_tokens, reasoning_tokens, charged
     FROM receipt WHERE seq >= ? AND seq < ? AND started_at_ms >= ? AND started_at_ms < ? AND charged > 0
       AND service IN (SELECT id FROM service WHERE model_id = ?)`,
  );

  /** The first number whose receipt began at this time or later. */
  function placeOf(timeMs: number): number {
    let [low, high] = [0, (newest.get() ?? 0) + 1];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const found = next.get(middle);
      if (found === undefined || found.started_at_ms >= timeMs) high = middle;
      else low = found.seq + 1;
    }
    return low;
  }

  return ({ modelId, day, price }) => {
    const [fromMs, toMs] = [day * DAY_MS, (day + 1) * DAY_MS];
    const [from, to] = [placeOf(fromMs - LONGEST_MS), placeOf(toMs + LONGEST_MS)];
    const sum: Repricing = { requests: 0, chargedMicros: ZERO_MICROS, wouldChargeMicros: ZERO_MICROS };
    for (const row of rows.iterate(from, to, fromMs, toMs, modelId)) {
      sum.requests += 1;
      sum.chargedMicros = addMicros(sum.chargedMicros, micros(row.charged));
      // A count that is no number of tokens was kept as -1.
      const usage = {
        inputTokens: Math.max(0, row.input_tokens),
        imageInputTokens: Math.max(0, row.image_input_tokens),
        cacheReadTokens: Math.max(0, row.cache_read_tokens),
        cacheWriteTokens: Math.max(0, row.cache_write_tokens),
        outputTokens: Math.max(0, row.output_tokens),
        reasoningTokens: Math.max(0, row.reasoning_tokens),
      };
      sum.wouldChargeMicros = addMicros(sum.wouldChargeMicros, priceUsage(price, usage));
    }
    return sum;
  };
}
