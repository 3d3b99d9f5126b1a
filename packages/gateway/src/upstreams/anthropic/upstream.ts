import type { Attempt, AttemptRequest, AttemptSink } from '../../core/attempt.ts';
import { LIMITS } from '../../core/limits.ts';
import { hasForeignReasoning } from '../../core/reasoning-seal.ts';
import type { Result } from '../../core/result.ts';
import { failed, ok } from '../../core/result.ts';
import type { EndpointOptions } from '../shared/endpoint.ts';
import { openEndpoint } from '../shared/endpoint.ts';
import { openErrorReader } from '../shared/http-fault.ts';
import { replyForm } from '../shared/reply-form.ts';
import type { Upstream } from '../shared/upstream.ts';
import type { ReplyHead, ReplyReader } from '../transport/exchange.ts';
import type { UpstreamFault } from '../transport/fault-causes.ts';
import { encodeBody } from './encode.ts';
import { forwardBody } from './forward.ts';
import { providerFault } from './provider-fault.ts';
import { openStreamReader } from './read-stream.ts';
import { openWholeReader } from './read-whole.ts';
import { dialectHeaders, operatorHeaders } from './request-headers.ts';
import type { ToolNames } from './tool-names.ts';

export type AnthropicOptions = EndpointOptions & {
  /** The operator's name for it, for logs. */
  name: string;
  apiKey?: string;
  /** Whether clients may use what the provider bills beside tokens or at a higher rate. */
  allowPaidExtras: boolean;
};

/**
 * An upstream that speaks Anthropic's Messages API. Clients of the same dialect get their bytes through; others are
 * translated. A conversation that holds reasoning of another kind of model is translated, too: the API refuses it.
 * Clients give the base address with or without `/v1`, and so may operators.
 */
export function createAnthropicUpstream(options: AnthropicOptions): Upstream {
  const { apiKey, clock } = options;
  const operator = operatorHeaders(options.headers);
  const url = new URL(options.baseUrl);
  url.pathname = url.pathname.replace(/\/v1\/*$/, '');
  const endpoint = openEndpoint({ ...options, baseUrl: url.href, headers: operator.others }, '/v1/messages');
  const credential = apiKey === undefined ? [] : ['x-api-key', apiKey];

  return {
    name: options.name,
    dialects: ['messages'],
    start(request, sink) {
      const prepared = prepare(request, options);
      if (!prepared.ok) return refuse(sink, prepared.error);
      const { body, isForwarded, names } = prepared.value;
      const { dialect, rawHeaders } = request.original;
      const clientHeaders = dialect === 'messages' ? rawHeaders : [];
      return endpoint.post({
        headers: [...credential, ...dialectHeaders(operator, clientHeaders)],
        body,
        stream: request.stream,
        sink,
        openReader: (head) => openReader(head, { request, isForwarded, names, nowMs: clock.nowMs() }),
      });
    },
    close: () => endpoint.close(),
  };
}

type Prepared = { body: Buffer; isForwarded: boolean; names: Pick<ToolNames, 'toClient'> };

const SAME_NAMES = { toClient: (name: string) => name };

function prepare(request: AttemptRequest, options: AnthropicOptions): Result<Prepared, UpstreamFault> {
  const { chat, original, remoteModel, stream, nativeOnly } = request;
  if (original.dialect === 'messages') {
    if (!hasForeignReasoning(chat, 'messages')) {
      const forwarded = forwardBody(request, options);
      if (!forwarded.ok) return forwarded;
      const body = forwarded.value;
      if (body !== undefined) return ok({ body, isForwarded: true, names: SAME_NAMES });
    } else if (nativeOnly !== undefined) {
      return failed({
        code: nativeOnly.code,
        blame: 'request',
        cause: 'refused',
        message: `${nativeOnly.param ?? 'The request'}: cannot stand in a conversation with reasoning of another provider's model.`,
      });
    }
  }
  const encoded = encodeBody(chat, { model: remoteModel, stream });
  return encoded.ok ? ok({ ...encoded.value, isForwarded: false }) : encoded;
}

/** The sink must not be called before `start` returns. */
function refuse(sink: AttemptSink, fault: UpstreamFault): Attempt {
  let isOver = false;
  queueMicrotask(() => {
    if (!isOver) sink.onFault(fault);
    isOver = true;
  });
  return { cancel: () => void (isOver = true), pause: () => undefined, resume: () => undefined };
}

type ReaderContext = {
  request: AttemptRequest;
  isForwarded: boolean;
  names: Pick<ToolNames, 'toClient'>;
  nowMs: number;
};

/** Bytes are handed on only where the reply is of the form that was asked for; otherwise its parts are encoded anew. */
function openReader(head: ReplyHead, context: ReaderContext): ReplyReader | UpstreamFault {
  const { request, isForwarded, names, nowMs } = context;
  const form = replyForm(head, request.stream);
  if (typeof form === 'object') return form;
  if (form === 'error') return openErrorReader(head, { nowMs, relay: isForwarded, judge: providerFault });
  const relay = isForwarded && (form === 'stream') === request.stream;
  if (form === 'whole') return openWholeReader({ relay, names });
  return openStreamReader({
    relay,
    replyModel: request.replyModel,
    estimatedInputTokens: request.estimatedInputTokens,
    names,
    maxBytes: request.stream ? Number.POSITIVE_INFINITY : LIMITS.replyMaxBytes,
  });
}
