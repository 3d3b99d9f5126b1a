import type { ServerResponse } from 'node:http';
import type { JsonObject } from '../engines/json.ts';
import { isObject, objectAt } from '../engines/json.ts';
import type { FakeEngineHandler } from './fake-engine-server.ts';
import { sendJson } from './fake-engine-server.ts';

/** One model of a fake Ollama: its entry of `/api/tags`, its `/api/show`, and its context when it is in memory. */
export type FakeOllamaModel = { entry: JsonObject; shown: JsonObject; loadedContextTokens?: number };

/** How a chat goes wrong. */
export type OllamaFault =
  | 'error-line'
  | 'error-status'
  | 'queue-full'
  | 'runner-gone'
  | 'cut'
  | 'no-usage'
  | 'garbage'
  | 'from-the-cloud';

export function ollamaModel(
  name: string,
  { contextTokens = 40_960, capabilities = ['completion', 'tools'], ...change }: OllamaModelChange = {},
): FakeOllamaModel {
  const details = { format: 'gguf', family: change.family ?? 'qwen3', quantization_level: 'Q4_K_M' };
  return {
    entry: { name, model: name, digest: `digest-of-${name}`, details, ...change.entry },
    shown: {
      parameters: change.parameters ?? 'top_k                          20',
      details,
      model_info: { 'general.architecture': 'qwen3', 'qwen3.context_length': contextTokens },
      capabilities,
      ...change.shown,
    },
    ...(change.loadedContextTokens === undefined ? {} : { loadedContextTokens: change.loadedContextTokens }),
  };
}

type OllamaModelChange = {
  contextTokens?: number;
  capabilities?: string[];
  family?: string;
  parameters?: string;
  loadedContextTokens?: number;
  entry?: JsonObject;
  shown?: JsonObject;
};

/**
 * Answers as Ollama 0.17.4 did when it was tried (2026-11-21), with its errors. A prompt counts one token a word:
 * one that is longer than `num_ctx` is refused, or cut without a word unless `truncate` is off.
 */
export function fakeOllama(models: FakeOllamaModel[], fault?: OllamaFault): FakeEngineHandler {
  return (request, response) => {
    const body = isObject(request.body) ? request.body : {};
    switch (request.path) {
      case '/api/version':
        return sendJson(response, 200, { version: '0.17.4' });
      case '/api/tags':
        return sendJson(response, 200, { models: models.map((model) => model.entry) });
      case '/api/ps':
        return sendJson(response, 200, { models: loadedModels(models) });
      case '/api/show': {
        const found = models.find((model) => model.entry['name'] === body['model']);
        if (found === undefined) return sendJson(response, 404, { error: 'model not found' });
        return sendJson(response, 200, found.shown);
      }
      case '/api/chat':
        return chat(body, response, { models, fault });
      default:
        return sendJson(response, 404, {});
    }
  };
}

function loadedModels(models: FakeOllamaModel[]): JsonObject[] {
  return models.flatMap(({ entry, loadedContextTokens }) =>
    loadedContextTokens === undefined ? [] : [{ ...entry, context_length: loadedContextTokens }],
  );
}

function chat(
  body: JsonObject,
  response: ServerResponse,
  { models, fault }: { models: FakeOllamaModel[]; fault: OllamaFault | undefined },
): void {
  if (!models.some((model) => model.entry['name'] === body['model'])) {
    sendJson(response, 404, { error: `model '${String(body['model'])}' not found` });
  } else if (fault === 'error-status') {
    sendJson(response, 500, { error: 'llama runner process has terminated: signal: killed' });
  } else if (fault === 'queue-full') {
    sendJson(response, 503, { error: 'server busy, please try again.  maximum pending requests exceeded' });
  } else if (body['truncate'] === false && countWords(body) > Number(objectAt(body, 'options')['num_ctx'])) {
    sendJson(response, 400, { error: 'the input length exceeds the context length' });
  } else {
    response.writeHead(200, { 'content-type': 'application/x-ndjson' });
    answer(body, response, fault);
  }
}

const DONE_LINE = { done: true, done_reason: 'stop', prompt_eval_count: 19, eval_count: 3 };

function answer(body: JsonObject, response: ServerResponse, fault: OllamaFault | undefined): void {
  const write = (line: JsonObject): void => void response.write(`${JSON.stringify(line)}\n`);
  const say = (message: JsonObject, rest: JsonObject = {}): void =>
    write({
      model: body['model'],
      message: { role: 'assistant', content: '', ...message },
      done: false,
      ...rest,
    });
  if (body['think'] === true) say({ thinking: 'Hmm.' });
  say({ content: 'Hé' }, fault === 'from-the-cloud' ? { remote_host: 'https://ollama.com:443' } : {});
  if (Array.isArray(body['tools'])) {
    // As Ollama writes it: numbers that JavaScript cannot hold come through.
    response.write(
      '{"message":{"role":"assistant","content":"","tool_calls":[' +
        '{"id":"call_1","function":{"index":0,"name":"f","arguments":{"id":12345678901234567890,"x":1.0}}},' +
        '{"function":{"index":1,"name":"g","arguments":{}}}]},"done":false}\n',
    );
  }
  if (fault === 'cut') return void response.socket?.destroy();
  if (fault === 'error-line') write({ error: 'an error was encountered while running the model' });
  else if (fault === 'garbage') response.write('<html>\n');
  else if (fault === 'runner-gone') say({}, { done: true });
  else if (fault === 'no-usage') say({}, { done: true, done_reason: 'length' });
  else say({ content: 'llo' }, DONE_LINE);
  response.end();
}

function countWords(body: JsonObject): number {
  return JSON.stringify(body['messages']).split(/\s/u).length;
}
