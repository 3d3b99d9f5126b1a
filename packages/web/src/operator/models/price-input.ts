import type { OperatorModel, PriceInput } from '@switchyard/protocol/console/operator.ts';

export type PriceChange = { price: PriceInput; from: string | null };

/** What the form holds: amounts in US dollars as they were typed. */
export type PriceDraft = {
  type: PriceInput['type'];
  perRequest: string;
  input: string;
  output: string;
  imageInput: string;
  cacheRead: string;
  cacheWrite: string;
  reasoning: string;
  minimum: string;
};

export type PriceFieldName = Exclude<keyof PriceDraft, 'type'>;

const MICROS_PER_USD = 1_000_000;

/** An amount of 0 or more in µ$. Undefined: it is none. */
function readAmount(text: string): number | undefined {
  const trimmed = text.trim().replace(/^\$/, '');
  return /^\d{1,6}(\.\d{1,6})?$/.test(trimmed) ? Math.round(Number(trimmed) * MICROS_PER_USD) : undefined;
}

/** `0.15`: what a person would type for it. */
function amountText(micros: number): string {
  return (micros / MICROS_PER_USD).toFixed(6).replace(/\.?0+$/, '');
}

/** The form begins with the price in force. Kinds of tokens that cost what input or output costs are left empty. */
export function draftOf({ price }: Pick<OperatorModel, 'price'>): PriceDraft {
  const empty: PriceDraft = {
    type: price.type,
    perRequest: '',
    input: '',
    output: '',
    imageInput: '',
    cacheRead: '',
    cacheWrite: '',
    reasoning: '',
    minimum: '',
  };
  if (price.type === 'flat') return { ...empty, perRequest: amountText(price.perRequest.micros) };
  const { input, output, imageInput, cacheRead, cacheWrite, reasoning } = price.perMillion;
  const unless = (micros: number, usual: number) => (micros === usual ? '' : amountText(micros));
  return {
    ...empty,
    input: amountText(input.micros),
    output: amountText(output.micros),
    imageInput: unless(imageInput.micros, input.micros),
    cacheRead: unless(cacheRead.micros, input.micros),
    cacheWrite: unless(cacheWrite.micros, input.micros),
    reasoning: unless(reasoning.micros, output.micros),
    minimum: unless(price.minimum.micros, 0),
  };
}

type Read = { price: PriceInput } | { wrong: readonly PriceFieldName[] };

/** The price of a draft, or the fields that hold no amount. */
export function readDraft(draft: PriceDraft): Read {
  const wrong: PriceFieldName[] = [];
  const needed = (name: PriceFieldName): number => {
    const micros = readAmount(draft[name]);
    if (micros === undefined) wrong.push(name);
    return micros ?? 0;
  };
  const optional = <Name extends string>(field: PriceFieldName, name: Name): { [Key in Name]?: number } =>
    draft[field].trim() === '' ? {} : ({ [name]: needed(field) } as { [Key in Name]: number });
  const price: PriceInput =
    draft.type === 'flat'
      ? { type: 'flat', amountMicros: needed('perRequest') }
      : {
          type: 'per-token',
          inputMicrosPerMillion: needed('input'),
          outputMicrosPerMillion: needed('output'),
          ...optional('imageInput', 'imageInputMicrosPerMillion'),
          ...optional('cacheRead', 'cacheReadMicrosPerMillion'),
          ...optional('cacheWrite', 'cacheWriteMicrosPerMillion'),
          ...optional('reasoning', 'reasoningMicrosPerMillion'),
          ...optional('minimum', 'minimumMicros'),
        };
  return wrong.length === 0 ? { price } : { wrong };
}

/** `From` of the form, as the field for date and time has it, in the reader's zone. Null: at once; undefined: no time to come. */
export function readFrom(text: string, nowMs: number): string | null | undefined {
  if (text === '') return null;
  const at = new Date(text);
  return Number.isNaN(at.getTime()) || at.getTime() <= nowMs ? undefined : at.toISOString();
}
