import type { ClientRequest, IncomingMessage } from 'node:http';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { guardedLookup, isAllowedHost, RefusedAddressError } from './address-guard.ts';
import { parseJson } from './json.ts';

/** Where an engine listens, as the owner wrote it. Nothing of it ever comes from the gateway. */
export type EngineEndpoint = {
  /** What the paths of the engine's API are appended to, such as `http://127.0.0.1:8080/v1`. */
  baseUrl: string;
  apiKey: string | undefined;
  allowLan: boolean;
};

export type EngineCall = {
  method: 'GET' | 'POST';
  url: URL;
  body?: unknown;
  /** Absent: what is enough for lists and errors. */
  answerMaxBytes?: number;
};

/** The address of an API path under the base URL, whether or not that ends with a slash. */
export function engineUrl(endpoint: EngineEndpoint, path: string): URL {
  return new URL(`${endpoint.baseUrl.replace(/\/+$/u, '')}${path}`);
}

/** The endpoint without the `/v1` or `/api` that people copy along: what an engine's own API is below. */
export function engineRoot(endpoint: EngineEndpoint): EngineEndpoint {
  return { ...endpoint, baseUrl: endpoint.baseUrl.replace(/\/+$/u, '').replace(/\/(?:v1|api)$/u, '') };
}

/**
 * Opens one request on a connection of its own, so that destroying it is seen by the engine at once.
 * Redirects are not followed, proxies not used, and only allowed addresses connected to.
 * A refused address is reported by the request's `error` event like any other failure.
 */
export function openEngineCall(endpoint: EngineEndpoint, call: EngineCall): ClientRequest {
  const { url } = call;
  const body = call.body === undefined ? undefined : Buffer.from(JSON.stringify(call.body));
  const headers: Record<string, string | number> = { accept: 'text/event-stream, application/json' };
  if (endpoint.apiKey !== undefined) headers.authorization = `Bearer ${endpoint.apiKey}`;
  if (body !== undefined) {
    headers['content-type'] = 'application/json';
    headers['content-length'] = body.length;
  }
  const open = url.protocol === 'https:' ? httpsRequest : httpRequest;
  const request = open(url, {
    method: call.method,
    headers,
    agent: false,
    lookup: guardedLookup(endpoint.allowLan),
  });
  if (isAllowedHost(url.hostname, endpoint.allowLan)) request.end(body);
  else request.destroy(new RefusedAddressError(endpoint.allowLan));
  return request;
}

/** At most this much of an error's body or of a list of models is read. */
const SMALL_BODY_MAX_BYTES = 4 * 1024 * 1024;

/** Reads a whole body as UTF-8. Rejects when it breaks off or is longer than `maxBytes`. */
export function readBody(response: IncomingMessage, maxBytes = SMALL_BODY_MAX_BYTES): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    response.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxBytes) response.destroy(new Error('The body is too long.'));
      else chunks.push(chunk);
    });
    response.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    response.on('error', reject);
  });
}

/** A small JSON call. `body` is undefined when the answer is no JSON. Rejects when there is no whole answer. */
export function callEngineJson(
  endpoint: EngineEndpoint,
  call: EngineCall,
  signal: AbortSignal,
): Promise<{ status: number; text: string; body: unknown }> {
  return new Promise((resolve, reject) => {
    const request = openEngineCall(endpoint, call);
    const abort = (): void => void request.destroy(new Error('The call was given up.'));
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    request.on('error', reject);
    request.on('close', () => signal.removeEventListener('abort', abort));
    request.on('response', (response) => {
      readBody(response, call.answerMaxBytes).then(
        (text) => resolve({ status: response.statusCode ?? 0, text, body: parseJson(text) }),
        reject,
      );
    });
  });
}
