import type {
  AssistantPart,
  ChatMessage,
  ChatRequest,
  ImagePart,
  ResponseFormat,
  Sampling,
  ToolChoice,
  ToolDefinition,
  UserPart,
} from '@switchyard/protocol/chat.ts';
import type { Adaptation } from '../shared/refused-settings.ts';
import type { MaxTokensField } from './forward.ts';

export type EncodeOptions = {
  model: string;
  stream: boolean;
  maxTokensField: MaxTokensField;
  /** Fields that the upstream knows: strict services refuse the sampler's settings of local engines. */
  fields: ReadonlySet<string>;
  /** The upstream keeps answers unless it is told not to. */
  keepsAnswers: boolean;
  /** What the model refuses. */
  adaptation: Adaptation;
};

type Json = Record<string, unknown>;

/**
 * Writes a canonical request as a body of this dialect, for clients of another one. Losses: reasoning of earlier turns
 * is left out (its signatures hold at one provider only), `isError` of a tool's result becomes a word before its text,
 * and pictures in a tool's result follow in a user message, since a tool message holds text only.
 */
export function encodeBody(chat: ChatRequest, options: EncodeOptions): Buffer {
  const hasTools = chat.tools.length > 0;
  const body: Json = {
    model: options.model,
    messages: encodeMessages(chat.messages),
    stream: options.stream,
    ...(options.keepsAnswers ? { store: false } : {}),
    ...(options.stream ? { stream_options: { include_usage: true } } : {}),
    ...(chat.maxOutputTokens === undefined ? {} : { [options.maxTokensField]: chat.maxOutputTokens }),
    ...(hasTools
      ? { tools: chat.tools.map(encodeTool), tool_choice: encodeToolChoice(chat.toolChoice) }
      : {}),
    ...(hasTools && !chat.parallelToolCalls ? { parallel_tool_calls: false } : {}),
    ...encodeResponseFormat(chat.responseFormat),
    ...encodeSampling(chat.sampling, options.fields),
    ...(chat.stop.length > 0 ? { stop: chat.stop } : {}),
    ...(chat.reasoningEffort === undefined ? {} : { reasoning_effort: chat.reasoningEffort }),
    ...Object.fromEntries(options.adaptation.settings),
  };
  return Buffer.from(JSON.stringify(body));
}

function encodeMessages(messages: readonly ChatMessage[]): Json[] {
  const encoded: Json[] = [];
  /** Pictures of tool results wait here: between the results of one turn no other message may stand. */
  let pictures: ImagePart[] = [];
  const flush = () => {
    if (pictures.length > 0) encoded.push({ role: 'user', content: pictures.map(encodeUserPart) });
    pictures = [];
  };
  for (const message of messages) {
    if (message.role !== 'tool') flush();
    switch (message.role) {
      case 'system':
        encoded.push({ role: 'system', content: message.content.map((part) => part.text).join('\n') });
        break;
      case 'user':
        encoded.push({ role: 'user', content: encodeUserContent(message.content) });
        break;
      case 'assistant':
        encoded.push(encodeAssistant(message.content));
        break;
      case 'tool':
        encoded.push(encodeToolResult(message));
        pictures.push(...message.content.filter((part) => part.type === 'image'));
        break;
    }
  }
  flush();
  return encoded;
}

/** A text alone is written as a string: some engines' templates know nothing else. */
function encodeUserContent(parts: readonly UserPart[]): unknown {
  const [first] = parts;
  if (first === undefined) return '';
  if (parts.length === 1 && first.type === 'text') return first.text;
  return parts.map(encodeUserPart);
}

function encodeUserPart(part: UserPart): Json {
  if (part.type === 'text') return { type: 'text', text: part.text };
  const detail = part.detail === undefined ? {} : { detail: part.detail };
  return { type: 'image_url', image_url: { url: `data:${part.mime};base64,${part.base64}`, ...detail } };
}

function encodeToolResult(message: Extract<ChatMessage, { role: 'tool' }>): Json {
  const text = message.content
    .filter((part) => part.type === 'text')
    .map((part) => part.text)
    .join('\n');
  return {
    role: 'tool',
    tool_call_id: message.callId,
    content: message.isError === true ? `Error: ${text}` : text,
  };
}

function encodeAssistant(parts: readonly AssistantPart[]): Json {
  let text = '';
  let refusal = '';
  const calls: Json[] = [];
  for (const part of parts) {
    switch (part.type) {
      case 'text':
        text += part.text;
        break;
      case 'refusal':
        refusal += part.text;
        break;
      case 'tool-call':
        calls.push({
          id: part.id,
          type: 'function',
          function: { name: part.name, arguments: part.argumentsText },
        });
        break;
      case 'reasoning':
        break;
    }
  }
  return {
    role: 'assistant',
    content: text === '' && calls.length > 0 ? null : text,
    ...(refusal === '' ? {} : { refusal }),
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
  };
}

function encodeTool(tool: ToolDefinition): Json {
  return { type: 'function', function: tool };
}

function encodeToolChoice(choice: ToolChoice): unknown {
  return typeof choice === 'string' ? choice : { type: 'function', function: { name: choice.name } };
}

function encodeResponseFormat(format: ResponseFormat): Json {
  switch (format.type) {
    case 'json-object':
      return { response_format: { type: 'json_object' } };
    case 'json-schema': {
      const { name, schema, strict } = format;
      return {
        response_format: {
          type: 'json_schema',
          json_schema: { name, schema, ...(strict === undefined ? {} : { strict }) },
        },
      };
    }
    case 'text':
      break;
  }
  return {};
}

/** Absent settings stay absent: JSON leaves out what is undefined. */
function encodeSampling(sampling: Sampling, fields: ReadonlySet<string>): Json {
  return {
    temperature: sampling.temperature,
    top_p: sampling.topP,
    top_k: fields.has('top_k') ? sampling.topK : undefined,
    min_p: fields.has('min_p') ? sampling.minP : undefined,
    frequency_penalty: sampling.frequencyPenalty,
    presence_penalty: sampling.presencePenalty,
    seed: sampling.seed,
    logit_bias: sampling.logitBias,
  };
}
