import type { BrowserKey } from '@switchyard/protocol/console/keys.ts';
import { accountPath, ApiError, sendJson } from '../api/client.ts';
import { objectAt, parseObject, textAt } from './json.ts';
import { browserKeys } from './key-store.ts';

/** Who pays, and who asks: two people of one account who sign in here one after the other have two keys. */
export type KeyOwner = { accountId: string; personId: string };

const nameOf = ({ accountId, personId }: KeyOwner) => `${accountId} ${personId}`;

function keyOf(owner: KeyOwner): Promise<string> {
  const name = nameOf(owner);
  const known = browserKeys.get(name);
  if (known !== undefined) return known;
  const fresh = sendJson<BrowserKey>('POST', accountPath(owner.accountId, 'browser-key')).then(
    ({ secret }) => secret,
    (error: unknown) => {
      browserKeys.delete(name);
      throw error;
    },
  );
  browserKeys.set(name, fresh);
  return fresh;
}

/** A refusal of the public API, with the id under which the request stands in the list of requests. */
export class PublicFailure extends ApiError {
  readonly requestId: string;

  constructor(status: number, failure: { code: string; message: string }, requestId: string) {
    super(status, failure);
    this.requestId = requestId;
  }
}

export type PublicCall = {
  owner: KeyOwner;
  /** `/v1/chat/completions`. */
  path: string;
  body: object;
  headers?: Readonly<Record<string, string>>;
  signal: AbortSignal;
};

/**
 * Calls a route of the public API with this page's own key. A key that is refused (it expired, or another tab took a
 * new one) is replaced once. Throws `PublicFailure` for every answer that is not 2xx, and `AbortError` after `signal`.
 */
export async function callPublic(call: PublicCall): Promise<Response> {
  const key = keyOf(call.owner);
  const response = await post(call, await key);
  if (response.status !== 401) return await accepted(response);
  // Another call may have replaced it meanwhile.
  if (browserKeys.get(nameOf(call.owner)) === key) browserKeys.delete(nameOf(call.owner));
  return await accepted(await post(call, await keyOf(call.owner)));
}

async function post(call: PublicCall, key: string): Promise<Response> {
  try {
    return await fetch(call.path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...call.headers, authorization: `Bearer ${key}` },
      body: JSON.stringify(call.body),
      signal: call.signal,
      credentials: 'omit',
    });
  } catch (error) {
    throw isAbort(error) ? error : new PublicFailure(0, LOST, '');
  }
}

async function accepted(response: Response): Promise<Response> {
  if (response.ok) return response;
  const answer = await response.text().catch(() => '');
  throw new PublicFailure(
    response.status,
    readFailure(answer, `status_${response.status}`),
    requestIdOf(response),
  );
}

/** All surfaces put code and message into `error`. */
export function readFailure(text: string, otherwise: string): { code: string; message: string } {
  const error = objectAt(parseObject(text), 'error');
  return {
    code: textAt(error, 'code') || otherwise,
    message: textAt(error, 'message') || 'The server gave no reason.',
  };
}

export function requestIdOf(response: Response): string {
  return response.headers.get('x-request-id') ?? '';
}

const LOST = { code: 'network', message: 'The server cannot be reached. Check the connection.' };

export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}
