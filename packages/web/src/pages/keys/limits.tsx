import type { ConsoleKey } from '@switchyard/protocol/console/keys.ts';
import { TextField } from '../../ui/field.tsx';
import { AMOUNT_WRONG, COUNT_WRONG, readLimitCount, readLimitUsd } from '../../ui/limit-input.ts';

/** The limits of a key as they are typed. Empty: no limit. */
export type LimitTexts = { day: string; month: string; requestsPerMinute: string; models: string };

export const NO_LIMITS: LimitTexts = { day: '', month: '', requestsPerMinute: '', models: '' };

export function limitTextsOf(key: ConsoleKey): LimitTexts {
  const usd = (micros: number | undefined) => (micros === undefined ? '' : String(micros / 1_000_000));
  return {
    day: usd(key.spend.day.limit?.micros),
    month: usd(key.spend.month.limit?.micros),
    requestsPerMinute: key.requestsPerMinute === null ? '' : String(key.requestsPerMinute),
    models: key.models?.join(', ') ?? '',
  };
}

export type Limits = {
  dayLimitMicros: number | null;
  monthLimitMicros: number | null;
  requestsPerMinute: number | null;
  models: string[] | null;
};

/** What was typed as numbers, or which field is wrong. */
export function readLimits(texts: LimitTexts): Limits | { wrong: keyof LimitTexts } {
  const dayLimitMicros = readLimitUsd(texts.day);
  if (dayLimitMicros === undefined) return { wrong: 'day' };
  const monthLimitMicros = readLimitUsd(texts.month);
  if (monthLimitMicros === undefined) return { wrong: 'month' };
  const requestsPerMinute = readLimitCount(texts.requestsPerMinute);
  if (requestsPerMinute === undefined) return { wrong: 'requestsPerMinute' };
  const models = texts.models
    .split(/[\s,]+/)
    .map((name) => name.trim())
    .filter((name) => name !== '');
  return {
    dayLimitMicros,
    monthLimitMicros,
    requestsPerMinute,
    models: models.length === 0 ? null : models,
  };
}

export function LimitFields({
  texts,
  wrong,
  onTexts,
}: {
  texts: LimitTexts;
  wrong: keyof LimitTexts | undefined;
  onTexts: (texts: LimitTexts) => void;
}) {
  const field = (name: keyof LimitTexts) => ({
    value: texts[name],
    onChange: (event: { target: { value: string } }) => onTexts({ ...texts, [name]: event.target.value }),
  });
  return (
    <div className="grid gap-4 sm:grid-cols-2">
      <TextField
        label="Limit a day, in US dollars"
        inputMode="decimal"
        placeholder="none"
        hint="Days begin at 0:00 UTC."
        error={wrong === 'day' ? AMOUNT_WRONG : undefined}
        {...field('day')}
      />
      <TextField
        label="Limit a month, in US dollars"
        inputMode="decimal"
        placeholder="none"
        hint="Calendar months in UTC."
        error={wrong === 'month' ? AMOUNT_WRONG : undefined}
        {...field('month')}
      />
      <TextField
        label="Requests a minute"
        inputMode="numeric"
        placeholder="as the operator says"
        error={wrong === 'requestsPerMinute' ? COUNT_WRONG : undefined}
        {...field('requestsPerMinute')}
      />
      <TextField
        label="Only these models"
        placeholder="all"
        hint="Ids with commas between them."
        {...field('models')}
      />
    </div>
  );
}
