import { EngineError } from '../engine.ts';
import type { EngineFault } from '../engine.ts';
import type { ModelChoice } from '../engine-host.ts';
import { faultOfConnectionError, faultOfHttpStatus } from '../engines/engine-errors.ts';
import type { EngineEndpoint } from '../engines/engine-http.ts';
import { callEngineJson, engineUrl } from '../engines/engine-http.ts';
import type { Timers } from '../timers.ts';

/** An image engine that is a program of its own, as the owner wrote it. */
export type ImageServer = {
  endpoint: EngineEndpoint;
  /** Pictures at once. */
  slots: number;
  /** Which recipe is made with which model. Absent: as their names say. */
  choices: readonly ModelChoice[] | undefined;
  timers: Timers;
};

export type ImageCall = {
  method: 'GET' | 'POST';
  path: string;
  body?: unknown;
  /** Absent: `QUESTION_MS`. */
  timeoutMs?: number;
};

export type ImageAnswer = { status: number; text: string; body: unknown };

/** For everything that is no render. */
const QUESTION_MS = 10_000;
/** A render with no deadline of its own ends here. The gateway gives a picture at most five minutes. */
export const RENDER_MAX_MS = 600_000;
/** A picture of `pictureMaxBytes` in base64, and what stands around it. */
const ANSWER_MAX_BYTES = 20 * 1024 * 1024;

const TOO_LATE: EngineFault = { code: 'timeout', message: 'The image engine did not answer in time.' };

/** One call. Rejects with an `EngineError` when there is no whole answer, or with anything once the signal is aborted. */
export async function callImageServer(
  { endpoint, timers }: Pick<ImageServer, 'endpoint' | 'timers'>,
  { method, path, body, timeoutMs = QUESTION_MS }: ImageCall,
  signal?: AbortSignal,
): Promise<ImageAnswer> {
  const late = new AbortController();
  const timer = timers.after(timeoutMs, () => late.abort());
  const either = signal === undefined ? late.signal : AbortSignal.any([signal, late.signal]);
  const call = { method, url: engineUrl(endpoint, path), answerMaxBytes: ANSWER_MAX_BYTES };
  try {
    return await callEngineJson(endpoint, body === undefined ? call : { ...call, body }, either);
  } catch (error) {
    throw new EngineError(late.signal.aborted ? TOO_LATE : faultOfConnectionError(error));
  } finally {
    timer.cancel();
  }
}

/** The same for a call that has to succeed. */
export async function askImageServer(
  server: Pick<ImageServer, 'endpoint' | 'timers'>,
  call: ImageCall,
  signal?: AbortSignal,
): Promise<unknown> {
  const answer = await callImageServer(server, call, signal);
  if (answer.status < 200 || answer.status > 299) throw new EngineError(faultOfImageAnswer(answer));
  return answer.body;
}

/** True when the server answers at the path with no server's error. */
export async function isImageServerUp(
  server: Pick<ImageServer, 'endpoint' | 'timers'>,
  path: string,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    return (await callImageServer(server, { method: 'GET', path }, signal)).status < 500;
  } catch {
    return false;
  }
}

/**
 * How engines word that a picture does not fit into memory: PyTorch, Forge, ggml. Texts are only looked at, never
 * passed on: they may quote the prompt. 2026-11.
 */
const MEMORY_WORDS =
  /out of memory|outofmemory|not enough memory|failed to allocate|alloc(?:ation)? (?:buffer )?failed/iu;

export const OUT_OF_MEMORY: EngineFault = {
  code: 'overloaded',
  message: 'The image engine ran out of memory.',
  fix: 'Close what else uses the graphics card, or offer a recipe of a smaller model.',
};

export function saysOutOfMemory(text: string): boolean {
  return MEMORY_WORDS.test(text);
}

/** The fault of an HTTP answer that is not good. */
export function faultOfImageAnswer({ status, text }: Pick<ImageAnswer, 'status' | 'text'>): EngineFault {
  return saysOutOfMemory(text) ? OUT_OF_MEMORY : faultOfHttpStatus(status, text);
}

/** Waits, or rejects as soon as the signal is aborted. */
export function pause(timers: Timers, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      timer.cancel();
      reject(new Error('The wait was given up.'));
    };
    const timer = timers.after(delayMs, () => {
      signal.removeEventListener('abort', abort);
      resolve();
    });
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
}
