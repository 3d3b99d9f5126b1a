import { createHash } from 'node:crypto';
import type { ApiError } from './api-error.ts';
import { invalid, refusalOf } from './api-error.ts';

/**
 * What the fake does, by the model's name: `plain`, or `gpt-5.4#plain` for a model of that family with its refusals.
 * `error-<kind>` stands for the kinds of `refusalOf`: `error-401`, `error-quota`.
 */
export const SCENARIOS = [
  'plain',
  'tools',
  'parallel-tools',
  'vision',
  'thinking',
  'json-schema',
  'stop',
  'length',
  'refusal',
  'content-filter',
  'error-before',
  'error-during',
  'truncated',
  'reset',
  'slow',
] as const;

export type Scenario = (typeof SCENARIOS)[number];

/** What was asked, whatever the dialect. */
export type Asked = {
  model: string;
  stream: boolean;
  /** Names of the tools that are offered. */
  tools: string[];
  forcedTool: string | undefined;
  mayCallTwice: boolean;
  /** Results of tools behind the last answer. */
  results: string[];
  pictures: { mime: string; bytes: number }[];
  hasSchema: boolean;
  stops: string[];
  effort: string | undefined;
  wantsSummary: boolean;
  /** Reasoning that was given back. */
  sealed: string[];
};

/** What will be answered. */
export type Script = {
  reasoning?: string;
  text?: string;
  refusal?: string;
  calls: { name: string; argumentsText: string }[];
  ending: 'normal' | 'length' | 'content-filter' | 'error' | 'truncated' | 'reset';
  isSlow: boolean;
};

export const FAKE_TEXT = 'Hello from the provider, in several words.';
export const FAKE_REASONING = 'First I look at the question.';
export const FAKE_REPORT = { city: 'Lisbon', celsius: 21 } as const;
const FIRST_CALL = JSON.stringify({ city: 'Lisbon' });
const SECOND_CALL = JSON.stringify({ city: 'Paris' });

/** What every answer of the fake reports. `cached` and `written` are part of the input, `reasoning` of the output. */
export const FAKE_USAGE = { input: 100, cached: 40, written: 10, output: 50, reasoning: 20 } as const;

const SEAL_MARK = 'gAAAAfake';

/** Encrypted reasoning that the fake knows again. */
export function sealOf(text: string): string {
  return SEAL_MARK + createHash('sha256').update(text).digest('base64url');
}

export function isOurSeal(sealed: string): boolean {
  return sealed.startsWith(SEAL_MARK);
}

export function scenarioOf(model: string): string {
  return model.slice(model.indexOf('#') + 1);
}

/** Whether the model belongs to a family that thinks, and refuses a temperature while it does. */
export function isThinking(model: string): boolean {
  return /^(?:gpt-[5-9]|o\d)/.test(model) || scenarioOf(model) === 'thinking';
}

/** What the scenario answers, or how it refuses. */
export function scriptOf(asked: Asked): Script | ApiError {
  const scenario = scenarioOf(asked.model);
  const plain: Script = { text: FAKE_TEXT, calls: [], ending: 'normal', isSlow: false };
  switch (scenario) {
    case 'plain':
      return plain;
    case 'tools':
    case 'parallel-tools':
      return calling(asked, plain, scenario === 'parallel-tools');
    case 'vision':
      return seeing(asked, plain);
    case 'thinking':
      return thinking(asked, plain);
    case 'json-schema':
      return asked.hasSchema
        ? { ...plain, text: JSON.stringify(FAKE_REPORT) }
        : invalid('This scenario wants a JSON schema.', null);
    case 'stop':
      return { ...plain, text: cutAtStop('One two three STOP four five.', asked.stops) };
    case 'length':
      return { ...plain, ending: 'length' };
    case 'refusal':
      return { refusal: "I'm sorry, I cannot help with that.", calls: [], ending: 'normal', isSlow: false };
    case 'content-filter':
      return { ...plain, ending: 'content-filter' };
    case 'error-before':
      return refusalOf('500') ?? plain;
    case 'error-during':
      return { ...plain, ending: 'error' };
    case 'truncated':
    case 'reset':
      return { ...plain, ending: scenario };
    case 'slow':
      return { ...plain, isSlow: true };
    default:
      return refusalOf(scenario.replace(/^error-/, '')) ?? refusalOf('404') ?? plain;
  }
}

function calling(asked: Asked, plain: Script, twice: boolean): Script | ApiError {
  if (asked.results.length > 0) return { ...plain, text: `The tool said: ${asked.results.join(', ')}` };
  const name = asked.forcedTool ?? asked.tools[0];
  if (name === undefined) return plain;
  const calls = [{ name, argumentsText: FIRST_CALL }];
  if (twice && asked.mayCallTwice) calls.push({ name, argumentsText: SECOND_CALL });
  return { calls, ending: 'normal', isSlow: false };
}

function seeing({ pictures }: Asked, plain: Script): Script {
  const seen = pictures.map(({ mime, bytes }) => `${mime} of ${bytes} bytes`);
  return { ...plain, text: seen.length === 0 ? 'I see nothing.' : `I see ${seen.join(' and ')}.` };
}

function thinking({ effort, sealed }: Asked, plain: Script): Script {
  const text = sealed.length > 0 ? 'I remember what I thought.' : FAKE_TEXT;
  return effort === 'none' ? { ...plain, text } : { ...plain, text, reasoning: FAKE_REASONING };
}

function cutAtStop(text: string, stops: readonly string[]): string {
  const ends = stops.map((stop) => text.indexOf(stop)).filter((at) => at !== -1);
  return ends.length === 0 ? text : text.slice(0, Math.min(...ends));
}

/** A text in the pieces in which it is streamed. */
export function words(text: string): string[] {
  return text.match(/\S+\s*/g) ?? [];
}

/** Two pieces, so that readers must join them. */
export function halves(text: string): string[] {
  const middle = Math.ceil(text.length / 2);
  return [text.slice(0, middle), text.slice(middle)];
}

/** A picture in a data URL, whose first bytes must be those of its kind. */
export function pictureOf(url: unknown, param: string): { mime: string; bytes: number } | ApiError {
  const data = /^data:(image\/(?:png|jpeg|gif|webp));base64,([A-Za-z0-9+/=]+)$/.exec(String(url));
  if (data === null)
    return invalid(
      `Invalid value for '${param}'. Expected a base64-encoded data URL.`,
      param,
      'invalid_value',
    );
  const [, mime = '', base64 = ''] = data;
  const bytes = Buffer.from(base64, 'base64');
  if (!bytes.toString('hex').startsWith(MAGIC[mime] ?? '-')) {
    return invalid(
      'The image data you provided does not represent a valid image.',
      param,
      'image_parse_error',
    );
  }
  return { mime, bytes: bytes.length };
}

const MAGIC: Readonly<Record<string, string>> = {
  'image/png': '89504e47',
  'image/jpeg': 'ffd8ff',
  'image/gif': '47494638',
  'image/webp': '52494646',
};
