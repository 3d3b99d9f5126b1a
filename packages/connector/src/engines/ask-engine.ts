import { EngineError } from '../engine.ts';
import { faultOfConnectionError, faultOfHttpStatus } from './engine-errors.ts';
import type { EngineEndpoint } from './engine-http.ts';
import { callEngineJson, engineUrl } from './engine-http.ts';
import type { JsonObject } from './json.ts';
import { isObject } from './json.ts';

/** Questions to an engine about itself. */
export type Question = {
  endpoint: EngineEndpoint;
  path: string;
  /** Present: the question is a POST. */
  body?: JsonObject;
};

/** The JSON object of an engine's answer. Rejects with an `EngineError` when there is none. */
export async function askEngine(question: Question, signal: AbortSignal): Promise<JsonObject> {
  const answer = await call(question, signal).catch((error: unknown) => {
    throw new EngineError(faultOfConnectionError(error));
  });
  if (answer.status !== 200) throw new EngineError(faultOfHttpStatus(answer.status, answer.text));
  if (isObject(answer.body)) return answer.body;
  const message = `The engine gives no JSON at ${question.path}; is it the engine that was configured?`;
  throw new EngineError({ code: 'engine_failed', message });
}

/** The same for questions that an engine need not understand: undefined without a good answer. */
export async function tryEngine(question: Question, signal: AbortSignal): Promise<JsonObject | undefined> {
  try {
    const { status, body } = await call(question, signal);
    return status === 200 && isObject(body) ? body : undefined;
  } catch {
    return undefined;
  }
}

/** The status of an answer; undefined when there is none. */
export async function statusOfEngine(question: Question, signal: AbortSignal): Promise<number | undefined> {
  try {
    return (await call(question, signal)).status;
  } catch {
    return undefined;
  }
}

function call({ endpoint, path, body }: Question, signal: AbortSignal): ReturnType<typeof callEngineJson> {
  const url = engineUrl(endpoint, path);
  return callEngineJson(
    endpoint,
    body === undefined ? { method: 'GET', url } : { method: 'POST', url, body },
    signal,
  );
}

const VERSION = /^[\w.+-]{1,60}$/u;

/** A version as an engine gives it, fit for a report; `unknown` when it is none. */
export function readVersion(value: unknown): string {
  return typeof value === 'string' && VERSION.test(value) ? value : 'unknown';
}
