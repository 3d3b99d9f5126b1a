import type { EngineEndpoint } from './engine-http.ts';
import { callEngineJson } from './engine-http.ts';
import { isObject, textAt } from './json.ts';

/**
 * Ollama shows models of its cloud like local ones. Offering them to others would break what the network
 * says about privacy and resell somebody's subscription, so they are found out here.
 * Source: Ollama's `GET /api/version` and `POST /api/show` (`remote_model`, `remote_host`), 2026-11.
 */

/** The version of an Ollama server; undefined when the engine is another one. */
export async function readOllamaVersion(
  endpoint: EngineEndpoint,
  signal: AbortSignal,
): Promise<string | undefined> {
  const call = { method: 'GET', url: new URL('/api/version', endpoint.baseUrl) } as const;
  try {
    const { status, body } = await callEngineJson(endpoint, call, signal);
    const version = status === 200 && isObject(body) ? textAt(body, 'version') : undefined;
    return version !== undefined && /^[\w.+-]{1,40}$/u.test(version) ? version : undefined;
  } catch {
    return undefined;
  }
}

const CLOUD_NAME = /[-:]cloud$/u;

/** True when the model is answered elsewhere. An Ollama server that does not say is judged by the name. */
export async function servedByOthers(
  model: { endpoint: EngineEndpoint; localName: string; ollamaVersion: string | undefined },
  signal: AbortSignal,
): Promise<boolean> {
  if (CLOUD_NAME.test(model.localName)) return true;
  if (model.ollamaVersion === undefined) return false;
  const url = new URL('/api/show', model.endpoint.baseUrl);
  const call = { method: 'POST', url, body: { model: model.localName } } as const;
  try {
    const { body } = await callEngineJson(model.endpoint, call, signal);
    if (!isObject(body)) return false;
    return textAt(body, 'remote_host') !== undefined || textAt(body, 'remote_model') !== undefined;
  } catch {
    return false;
  }
}
