import type { ConsoleKey } from '@switchyard/protocol/console/keys.ts';
import { TextField } from '../../ui/field.tsx';
import { readUsd } from '../../ui/money.tsx';

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
  const amount = (text: string) => (text.trim() === '' ? null : readUsd(text));
  const dayLimitMicros = amount(texts.day);
  if (dayLimitMicros === undefined) return { wrong: 'day' };
  const monthLimitMicros = amount(texts.month);
  if (monthLimitMicros === undefined) return { wrong: 'month' };
  const rate = texts.requestsPerMinute.trim();
  if (rate !== '' && !/^[1-9]\d{0,6}$/.test(rate)) return { wrong: 'requestsPerMinute' };
  const models = texts.models
    .split(/[\s,]+/)
    .map((name) => name.trim())
    .filter((name) => name !== '');
  return {
    dayLimitMicros,
    monthLimitMicros,
    requestsPerMinute: rate === '' ? null : Number(rate),
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
  const amountError = 'An amount such as 5 or 0.50';
  return (
    <div className="grid gap-4 sm:grid-cols-2">
      <TextField
        label="Limit a day, in US dollars"
        inputMode="decimal"
        placeholder="none"
        hint="Days begin at 0:00 UTC."
        error={wrong === 'day' ? amountError : undefined}
        {...field('day')}
      />
      <TextField
        label="Limit a month, in US dollars"
        inputMode="decimal"
        placeholder="none"
        hint="Calendar months in UTC."
        error={wrong === 'month' ? amountError : undefined}
        {...field('month')}
      />
      <TextField
        label="Requests a minute"
        inputMode="numeric"
        placeholder="as the operator says"
        error={wrong === 'requestsPerMinute' ? 'A whole number from 1' : undefined}
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
