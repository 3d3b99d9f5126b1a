import type { AttemptRequest, AttemptSink } from '../../core/attempt.ts';
import { newId } from '../../core/ids.ts';
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
import type { MaxTokensField } from './forward.ts';
import { forwardBody, forwardedFields, LOCAL_ENGINE_FIELDS } from './forward.ts';
import { openStreamReader } from './read-stream.ts';
import { openWholeReader } from './read-whole.ts';

export type OpenAiCompatibleOptions = EndpointOptions & {
  /** The operator's name for it, for logs. */
  name: string;
  apiKey?: string;
  /** The field in which this upstream takes the output cap. */
  maxTokensField: MaxTokensField;
  /** Fields beyond the specification that clients may send here. Default: those of local engines. */
  extraFields?: readonly string[];
  /** Whether it keeps answers unless it is told not to, as OpenAI does for new accounts. Default: no. */
  keepsAnswers?: boolean;
  /** Whether clients of the same dialect get the provider's own words about a request that it refuses. Default: no. */
  relayErrors?: boolean;
  /** For calls that an engine gave no id. */
  newCallId?: () => string;
};

/**
 * An upstream that speaks OpenAI's chat completions: OpenAI itself, llama.cpp, vLLM, SGLang, Ollama, LM Studio and the
 * many services that copy it. Clients of the same dialect get their bytes through; others are translated.
 */
export function createOpenAiCompatibleUpstream(options: OpenAiCompatibleOptions): Upstream {
  const { maxTokensField, keepsAnswers = false, clock, newCallId = () => newId('call') } = options;
  const endpoint = openEndpoint(options, '/chat/completions');
  const headers = bearer(options.apiKey);
  const fields = forwardedFields(options.extraFields ?? LOCAL_ENGINE_FIELDS);
  const memory = createRefusalMemory();

  return {
    name: options.name,
    dialects: ['chat-completions'],
    start(request, sink) {
      const { stream } = request;
      const send = (adaptation: Adaptation, inner: AttemptSink, onRefusal: (refusal: Refusal) => void) => {
        const forwarded =
          request.original.dialect === 'chat-completions'
            ? forwardBody(request, { fields, maxTokensField, keepsAnswers, adaptation })
            : undefined;
        const body =
          forwarded ??
          encodeBody(request.chat, {
            model: request.remoteModel,
            stream,
            maxTokensField,
            fields,
            keepsAnswers,
            adaptation,
          });
        const isRelayed = forwarded !== undefined;
        const openReader = (head: ReplyHead) =>
          openReplyReader(head, {
            request,
            relay: isRelayed,
            errors: { relay: options.relayErrors === true && isRelayed, nowMs: clock.nowMs(), onRefusal },
            newCallId,
          });
        return endpoint.post({ headers, body, stream, sink: inner, openReader });
      };
      return startAdapting({ request, sink, memory, mayAdapt, send });
    },
    close: () => endpoint.close(),
  };
}

/** Settings of this dialect stand at the top of a body. */
function mayAdapt(refusal: Refusal): boolean {
  return refusal.what === 'setting' && !refusal.name.includes('.');
}

type ReaderContext = {
  request: AttemptRequest;
  relay: boolean;
  errors: ErrorReaderOptions;
  newCallId: () => string;
};

/** Bytes are handed on only where the reply is of the form that was asked for; otherwise its parts are encoded anew. */
function openReplyReader(head: ReplyHead, context: ReaderContext): ReplyReader | UpstreamFault {
  const { request, relay, newCallId } = context;
  const form = replyForm(head, request.stream);
  if (typeof form === 'object') return form;
  if (form === 'error') return openErrorReader(head, context.errors);
  const isAsAsked = (form === 'stream') === request.stream;
  if (form === 'whole') return openWholeReader({ relay: relay && isAsAsked, newCallId });
  return openStreamReader({
    relay: relay && isAsAsked,
    replyModel: request.replyModel,
    maxBytes: request.stream ? Number.POSITIVE_INFINITY : LIMITS.replyMaxBytes,
    newCallId,
  });
}
