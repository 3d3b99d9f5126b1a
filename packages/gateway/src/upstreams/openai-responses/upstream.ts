import type { AttemptRequest, AttemptSink } from '../../core/attempt.ts';
import { LIMITS } from '../../core/limits.ts';
import type { EndpointOptions } from '../shared/endpoint.ts';
import { bearer, openEndpoint } from '../shared/endpoint.ts';
import type { ErrorReaderOptions } from '../shared/http-fault.ts';
import { openErrorReader } from '../shared/http-fault.ts';
import type { Adaptation, Refusal } from '../shared/refused-settings.ts';
import { createRefusalMemory } from '../shared/refused-settings.ts';
import { replyForm } from '../shared/reply-form.ts';
import { startAdapting } from '../shared/start-adapting.ts';
import type { Upstream } from '../shared/upstream.ts';
import type { ReplyHead, ReplyReader } from '../transport/exchange.ts';
import type { UpstreamFault } from '../transport/fault-causes.ts';
import { encodeBody } from './encode.ts';
import { forwardBody } from './forward.ts';
import { openStreamReader } from './read-stream.ts';
import { openWholeReader } from './read-whole.ts';

export type OpenAiResponsesOptions = EndpointOptions & {
  /** The operator's name for it, for logs. */
  name: string;
  apiKey?: string;
  /** Whether clients may use what the provider bills beside tokens or at a higher rate: its own tools, service tiers. */
  allowPaidExtras: boolean;
};

/**
 * An upstream that speaks OpenAI's responses: OpenAI itself, and servers that copy it. Clients of the same dialect get
 * their bytes through; others are translated, their reasoning sealed by the provider and given back to it later.
 */
export function createOpenAiResponsesUpstream(options: OpenAiResponsesOptions): Upstream {
  const { clock, allowPaidExtras } = options;
  const endpoint = openEndpoint(options, '/responses');
  const memory = createRefusalMemory();
  const credential = bearer(options.apiKey);

  return {
    name: options.name,
    dialects: ['responses'],
    start(request, sink) {
      const isNative = request.original.dialect === 'responses';
      const headers = isNative ? [...credential, ...switches(request.original.rawHeaders)] : credential;
      const send = (adaptation: Adaptation, inner: AttemptSink, onRefusal: (refusal: Refusal) => void) => {
        const { dropSealedReasoning } = adaptation;
        const forwarded = isNative
          ? forwardBody(request, { allowPaidExtras, dropSealedReasoning })
          : undefined;
        const isRelayed = forwarded !== undefined;
        const errors = { relay: isRelayed, nowMs: clock.nowMs(), onRefusal };
        return endpoint.post({
          headers,
          body: forwarded ?? translated(request, adaptation),
          stream: request.stream,
          sink: inner,
          openReader: (head) => openReplyReader(head, { request, relay: isRelayed, errors }),
        });
      };
      // A client of this dialect named its settings itself and is told by the provider what is wrong with them.
      const mayAdapt = (refusal: Refusal) => !isNative || refusal.what === 'sealed-reasoning';
      return startAdapting({ request, sink, memory, mayAdapt, send });
    },
    close: () => endpoint.close(),
  };
}

function translated(request: AttemptRequest, adaptation: Adaptation): Buffer {
  return encodeBody(request.chat, {
    model: request.remoteModel,
    stream: request.stream,
    hasPlaceForReasoning: request.original.dialect !== 'chat-completions',
    adaptation,
  });
}

/** What the dialect itself defines of a client's headers: switches of the API, by which it reads the body. */
const FORWARDED_HEADERS = new Set(['openai-beta', 'x-openai-internal-codex-responses-lite']);

function switches(rawHeaders: readonly string[]): string[] {
  const forwarded: string[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]?.toLowerCase() ?? '';
    if (FORWARDED_HEADERS.has(name)) forwarded.push(name, rawHeaders[index + 1] ?? '');
  }
  return forwarded;
}

type ReaderContext = { request: AttemptRequest; relay: boolean; errors: ErrorReaderOptions };

/** Bytes are handed on only where the reply is of the form that was asked for; otherwise its parts are encoded anew. */
function openReplyReader(head: ReplyHead, context: ReaderContext): ReplyReader | UpstreamFault {
  const { request, errors } = context;
  const { stream, replyModel } = request;
  const form = replyForm(head, stream);
  if (typeof form === 'object') return form;
  if (form === 'error') return openErrorReader(head, errors);
  const relay = context.relay && (form === 'stream') === stream;
  if (form === 'whole') return openWholeReader({ relay, replyModel });
  return openStreamReader({
    relay,
    replyModel,
    maxBytes: stream ? Number.POSITIVE_INFINITY : LIMITS.replyMaxBytes,
  });
}
