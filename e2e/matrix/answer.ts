/** What a client of any dialect got, in one form, so that one table can say what to expect of all of them. */
export type Answer = {
  text: string;
  reasoning: string;
  refusal: string;
  calls: { name: string; input: unknown }[];
  /** `none`: there was no proper end. */
  finish: 'stop' | 'length' | 'tool-calls' | 'refusal' | 'none';
  usage: { input: number; cached: number; output: number } | undefined;
  /** The class or code of the error that ended it. */
  error: string | undefined;
  /** Whether something of the provider's own came through that this program does not know. */
  hasForeignBytes: boolean;
};

/** Added by the test's provider to each reply and event: it only survives where bytes are handed on. */
export const PROVIDER_MARK = 'x_provider_mark';

export type Json = Record<string, unknown>;

export function emptyAnswer(): Answer {
  return {
    text: '',
    reasoning: '',
    refusal: '',
    calls: [],
    finish: 'none',
    usage: undefined,
    error: undefined,
    hasForeignBytes: false,
  };
}

/** The `data:` objects of a stream of server-sent events, in order, and whether `[DONE]` ended it. */
export function eventsOf(stream: string): { events: Json[]; isDone: boolean } {
  const data = [...stream.matchAll(/^data: ?(.*)$/gm)].map((match) => match[1] ?? '');
  const isDone = data.at(-1) === '[DONE]';
  return { events: (isDone ? data.slice(0, -1) : data).map((text) => JSON.parse(text) as Json), isDone };
}

export function object(value: unknown): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error(`no object: ${JSON.stringify(value)}`);
  return value as Json;
}

export function list(value: unknown): Json[] {
  if (!Array.isArray(value)) throw new Error(`no list: ${JSON.stringify(value)}`);
  return value.map(object);
}

/** Text, or '' where there is none. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
