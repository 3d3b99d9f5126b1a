import type { Engine, EngineModel } from '../engine.ts';
import type { Timers } from '../timers.ts';
import { chatCompletionsAnswer } from './answer-reader.ts';
import { encodeChatBody } from './chat-body.ts';
import { startChatCall } from './chat-call.ts';
import { findRequestProblem } from './check-request.ts';
import type { EngineEndpoint } from './engine-http.ts';
import { engineUrl } from './engine-http.ts';
import type { JsonObject } from './json.ts';
import { refusedRun } from './refused-run.ts';

/** What an adapter found when it asked its engine. */
export type EngineLook = {
  version: string;
  models: EngineModel[];
  /** Jobs that the engine takes at once. Absent: it does not say. */
  slots?: number;
  notices?: string[];
};

export type OpenAiServerOptions = {
  kind: string;
  /** With the path before `/chat/completions`. */
  endpoint: EngineEndpoint;
  timers: Timers;
  /** Asks the engine what it serves. Rejects with an `EngineError`. */
  look(signal: AbortSignal): Promise<EngineLook>;
  probe(signal: AbortSignal): Promise<boolean>;
  countRequests?: NonNullable<Engine['countRequests']>;
  /** Keys of a request that only this engine knows. */
  extraBody?(): JsonObject;
};

/** Of a model that was never listed. */
const UNKNOWN_CAPABILITIES = { tools: true, vision: false, thinking: false, jsonSchema: false };

/**
 * The common part of every engine that answers chats at `POST /chat/completions`. How such an engine is asked
 * for its models, and what it understands beyond that API, its own adapter says.
 */
export function createOpenAiServer(options: OpenAiServerOptions): Engine {
  const { endpoint, timers } = options;
  let seen: EngineLook = { version: 'unknown', models: [] };

  return {
    kind: options.kind,
    get version() {
      return seen.version;
    },
    async inventory(signal) {
      seen = await options.look(signal);
      return seen.models;
    },
    probe: (signal) => options.probe(signal),
    slots: () => seen.slots,
    notices: () => seen.notices ?? [],
    ...(options.countRequests === undefined ? {} : { countRequests: options.countRequests }),
    run(job, sink) {
      const model = seen.models.find((candidate) => candidate.localName === job.localName);
      const problem = findRequestProblem(job.chat, model?.capabilities ?? UNKNOWN_CAPABILITIES);
      if (problem !== undefined) return refusedRun(problem, sink);
      const body = { ...encodeChatBody(job.localName, job.chat), ...options.extraBody?.() };
      const url = engineUrl(endpoint, '/chat/completions');
      return startChatCall({ endpoint, url, body, answer: chatCompletionsAnswer(), timers }, sink);
    },
    async close() {
      // Nothing is held open between calls.
    },
  };
}
