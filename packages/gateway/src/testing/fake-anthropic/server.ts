import { once } from 'node:events';
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { answerTo } from './answer.ts';
import type { ApiError } from './api-error.ts';
import { apiError, errorJson, invalid } from './api-error.ts';
import type { FakeBody } from './check-request.ts';
import { checkRequest } from './check-request.ts';
import { event, messageJson, PING, streamEvents } from './events.ts';

export type FakeRequest = { path: string; headers: IncomingHttpHeaders; raw: Buffer; body: FakeBody };

export type FakeAnthropic = {
  /** `http://127.0.0.1:PORT`: the base address of an upstream. */
  url: string;
  port: number;
  /** Every request that was well formed JSON, in order. */
  requests: FakeRequest[];
  /** How many replies were left by their reader before their end. */
  left(): number;
  close(): Promise<void>;
};

export type FakeAnthropicOptions = {
  /** Changes the bytes of a reply's body, whole or streamed; it is then sent at once, and its connection closed. */
  damage?: (body: Buffer) => Buffer;
  /** Between two events of the scenarios `slow` and `pings`. */
  gapMs?: number;
};

/**
 * Anthropic's Messages API on loopback, as documented: it checks a request as the API does (headers, fields, roles,
 * pairs of calls and results, signatures, what a model refuses) and answers whole or streamed.
 *
 * What shall happen stands behind a `#` in the model's name: `claude-haiku-4-5#overloaded`. Without it the model does
 * what it is asked. Answers: `tools`, `parallel-tools`, `thinking`, `redacted`, `refusal`, `max-tokens`,
 * `context-window`, `stop-sequence`, `pause-turn`, `empty`, `web-search`. Errors: `invalid-key`, `no-permission`,
 * `not-found`, `too-large`, `too-long`, `no-credit`, `spend-limit`, `invalid`, `rate-limited`, `broken`, `overloaded`,
 * `overloaded-once` (the first time only), `html`. Streams that go wrong: `overloaded-mid-stream`,
 * `overloaded-at-start`, `truncated`, `cut`, `slow`, `pings` (nothing else comes), `silent` (nothing comes at all).
 */
export async function startFakeAnthropic(options: FakeAnthropicOptions = {}): Promise<FakeAnthropic> {
  const requests: FakeRequest[] = [];
  const state: FakeState = { options, ids: 0, left: 0, seen: new Set() };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('error', () => undefined);
    response.on('error', () => undefined);
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const path = new URL(request.url ?? '/', 'http://fake').pathname;
      const raw = Buffer.concat(chunks);
      if (request.method !== 'POST' || path !== '/v1/messages') {
        sendError(response, apiError(404, 'not_found_error', 'Not found'));
        return;
      }
      const body = parsed(raw);
      if (body !== undefined) requests.push({ path, headers: request.headers, raw, body });
      const checked = checkRequest(request.headers, raw);
      if ('error' in checked) sendError(response, checked.error);
      else void reply(state, response, checked);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    requests,
    left: () => state.left,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

type FakeState = {
  options: FakeAnthropicOptions;
  ids: number;
  left: number;
  /** Scenarios that happen once, and did. */
  seen: Set<string>;
};

function parsed(raw: Buffer): FakeBody | undefined {
  try {
    return JSON.parse(raw.toString()) as FakeBody;
  } catch {
    return undefined;
  }
}

const ERRORS: Readonly<Record<string, ApiError>> = {
  'invalid-key': apiError(401, 'authentication_error', 'invalid x-api-key'),
  'no-permission': apiError(403, 'permission_error', 'Your API key does not have permission'),
  'not-found': apiError(404, 'not_found_error', 'model: claude-secret'),
  'too-large': apiError(413, 'request_too_large', 'Request exceeds the maximum size'),
  'too-long': invalid('prompt is too long: 210000 tokens > 200000 maximum'),
  'no-credit': invalid(
    'Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade.',
  ),
  'spend-limit': invalid(
    'You have reached your specified API usage limits. You will regain access on 2026-12-01.',
  ),
  invalid: invalid('messages.0.content.0: some rule was broken'),
  'rate-limited': {
    ...apiError(429, 'rate_limit_error', 'This request would exceed your rate limit'),
    headers: { 'retry-after': '7' },
  },
  broken: apiError(500, 'api_error', 'Internal server error'),
  overloaded: apiError(529, 'overloaded_error', 'Overloaded'),
};

function sendError(response: ServerResponse, error: ApiError): void {
  response.writeHead(error.status, {
    'content-type': 'application/json',
    'request-id': 'req_011CFake',
    ...error.headers,
  });
  response.end(errorJson(error));
}

type Asked = Exclude<ReturnType<typeof checkRequest>, { error: ApiError }>;

async function reply(state: FakeState, response: ServerResponse, { body, turns }: Asked): Promise<void> {
  const [model = '', scenario = ''] = body.model.split('#');
  const error = ERRORS[scenario] ?? (happensOnce(state, scenario) ? ERRORS['overloaded'] : undefined);
  if (error !== undefined) {
    sendError(response, error);
    return;
  }
  if (scenario === 'html') {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<p>A proxy.</p>');
    return;
  }
  response.on('close', () => {
    if (!response.writableFinished) state.left += 1;
  });
  const newId = () => `toolu_01Fake${String((state.ids += 1)).padStart(4, '0')}`;
  const answer = answerTo({ body: { ...body, model }, turns, scenario, newId });
  const { damage } = state.options;
  if (body.stream !== true) {
    if (scenario === 'silent' || scenario === 'pings') return;
    const whole = Buffer.from(messageJson(body.model, answer));
    response.writeHead(200, { 'content-type': 'application/json', connection: 'close' });
    if (scenario === 'truncated' || scenario === 'cut')
      response.write(whole.subarray(0, whole.length / 2), () => response.destroy());
    else response.end(damage?.(whole) ?? whole);
    return;
  }
  const events = streamEvents(body.model, answer);
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache',
  });
  response.flushHeaders();
  if (damage === undefined) await stream(response, { events, scenario, gapMs: state.options.gapMs ?? 5 });
  else response.end(damage(Buffer.from(events.join(''))), () => response.destroy());
}

function happensOnce({ seen }: FakeState, scenario: string): boolean {
  if (scenario !== 'overloaded-once' || seen.has(scenario)) return false;
  seen.add(scenario);
  return true;
}

type Play = { events: readonly string[]; scenario: string; gapMs: number };

const OVERLOADED = event('error', { error: { type: 'overloaded_error', message: 'Overloaded' } });
/** A stream without reader gives up some time: a test that nobody ends must still end. */
const ROUNDS_MAX = 4_000;

async function stream(response: ServerResponse, { events, scenario, gapMs }: Play): Promise<void> {
  const half = events.slice(0, Math.ceil(events.length / 2)).join('');
  switch (scenario) {
    case 'silent':
      return;
    case 'overloaded-at-start':
      response.end(OVERLOADED);
      return;
    case 'overloaded-mid-stream':
      response.end(half + OVERLOADED);
      return;
    case 'truncated':
      response.end(half);
      return;
    case 'cut':
      response.write(half, () => response.socket?.resetAndDestroy());
      return;
    case 'pings':
      for (let round = 0; round < ROUNDS_MAX && !response.destroyed; round += 1) {
        response.write(PING);
        await wait(gapMs);
      }
      return;
    case 'slow':
      for (const one of events) {
        if (response.destroyed) return;
        response.write(one);
        await wait(gapMs);
      }
      response.end();
      return;
    default:
      response.end(events.join(''));
  }
}
