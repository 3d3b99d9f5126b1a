import type {
  ChatMessage,
  ChatRequest,
  ImagePart,
  ReasoningEffort,
  TextPart,
  UserPart,
} from '@switchyard/protocol/chat.ts';

/** A JSON body for `POST /chat/completions`. Built key by key, so that nothing unknown is ever sent. */
export type ChatBody = Record<string, unknown>;

type WireMessage = Record<string, unknown>;

/**
 * Writes a canonical request as a Chat Completions body that local engines take
 * (llama.cpp, vLLM, LM Studio, Ollama's `/v1`, SGLang).
 *
 * Only settings that the request has are sent: the engine keeps its own defaults. Several system messages
 * become one at the head, because many chat templates refuse them elsewhere. A named tool choice becomes
 * that tool alone with `required`, since llama.cpp and LM Studio take no object there.
 */
export function encodeChatBody(localName: string, chat: ChatRequest): ChatBody {
  const body: ChatBody = {
    model: localName,
    messages: encodeMessages(chat.messages),
    stream: true,
    stream_options: { include_usage: true },
  };
  Object.assign(body, encodeTools(chat), encodeSampling(chat), encodeReasoning(chat.reasoningEffort));
  if (chat.maxOutputTokens !== undefined) body.max_tokens = chat.maxOutputTokens;
  if (chat.stop.length > 0) body.stop = chat.stop;
  switch (chat.responseFormat.type) {
    case 'text':
      break;
    case 'json-object':
      body.response_format = { type: 'json_object' };
      break;
    case 'json-schema': {
      const { name, schema, strict } = chat.responseFormat;
      body.response_format = {
        type: 'json_schema',
        json_schema: { name, schema, ...(strict === undefined ? {} : { strict }) },
      };
      break;
    }
  }
  return body;
}

function encodeMessages(messages: ChatMessage[]): WireMessage[] {
  const wire: WireMessage[] = [];
  const system = messages.flatMap((message) => (message.role === 'system' ? message.content : []));
  if (system.length > 0) {
    wire.push({ role: 'system', content: system.map((part) => part.text).join('\n\n') });
  }
  // Pictures from tools wait until the run of tool messages is over: no other message may stand in between.
  let toolImages: ImagePart[] = [];
  for (const message of messages) {
    if (message.role !== 'tool' && toolImages.length > 0) {
      wire.push(toolImagesMessage(toolImages));
      toolImages = [];
    }
    if (message.role === 'tool') toolImages.push(...message.content.filter((part) => part.type === 'image'));
    if (message.role !== 'system') wire.push(encodeMessage(message));
  }
  if (toolImages.length > 0) wire.push(toolImagesMessage(toolImages));
  return wire;
}

function encodeMessage(message: Exclude<ChatMessage, { role: 'system' }>): WireMessage {
  if (message.role === 'user') return { role: 'user', content: encodeUserContent(message.content) };
  if (message.role === 'assistant') return encodeAssistant(message);
  const text = joinText(message.content);
  // Chat Completions has no mark for a failed call, so the text has to say it.
  const content = message.isError === true && !/^error/iu.test(text) ? `Error: ${text}` : text;
  return { role: 'tool', tool_call_id: message.callId, content };
}

function encodeAssistant(message: Extract<ChatMessage, { role: 'assistant' }>): WireMessage {
  let text = '';
  let reasoning = '';
  const calls: WireMessage[] = [];
  for (const part of message.content) {
    switch (part.type) {
      case 'text':
      case 'refusal':
        text += part.text;
        break;
      case 'reasoning':
        // Signed reasoning belongs to the provider that signed it.
        if (part.seal === undefined) reasoning += part.text;
        break;
      case 'tool-call':
        calls.push({
          id: part.id,
          type: 'function',
          // Engines parse this text; an empty one would be an error there.
          function: { name: part.name, arguments: part.argumentsText === '' ? '{}' : part.argumentsText },
        });
        break;
    }
  }
  const wire: WireMessage = { role: 'assistant', content: text === '' && calls.length > 0 ? null : text };
  // Templates that think between tool calls read it; the others drop it.
  if (reasoning !== '') wire.reasoning_content = reasoning;
  if (calls.length > 0) wire.tool_calls = calls;
  return wire;
}

/** Text alone goes as a string, which every template takes; with pictures it goes as a list of parts. */
function encodeUserContent(parts: UserPart[]): unknown {
  if (parts.every((part): part is TextPart => part.type === 'text')) return joinText(parts);
  return parts.map((part) => (part.type === 'text' ? { type: 'text', text: part.text } : encodeImage(part)));
}

function encodeImage(part: ImagePart): WireMessage {
  const url = `data:${part.mime};base64,${part.base64}`;
  return { type: 'image_url', image_url: part.detail === undefined ? { url } : { url, detail: part.detail } };
}

function toolImagesMessage(images: ImagePart[]): WireMessage {
  const note = { type: 'text', text: 'Pictures returned by the tools:' };
  return { role: 'user', content: [note, ...images.map(encodeImage)] };
}

function joinText(parts: UserPart[]): string {
  return parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n');
}

function encodeTools(chat: ChatRequest): ChatBody {
  if (chat.tools.length === 0) return {};
  const { toolChoice } = chat;
  const tools =
    typeof toolChoice === 'string' ? chat.tools : chat.tools.filter((tool) => tool.name === toolChoice.name);
  const body: ChatBody = {
    tools: tools.map((tool) => ({
      type: 'function',
      function: {
        name: tool.name,
        ...(tool.description === undefined ? {} : { description: tool.description }),
        parameters: tool.parameters ?? { type: 'object', properties: {} },
        ...(tool.strict === undefined ? {} : { strict: tool.strict }),
      },
    })),
    parallel_tool_calls: chat.parallelToolCalls,
  };
  if (typeof toolChoice !== 'string') body.tool_choice = 'required';
  else if (toolChoice !== 'auto') body.tool_choice = toolChoice;
  return body;
}

function encodeSampling({ sampling }: ChatRequest): ChatBody {
  const named: ChatBody = {
    temperature: sampling.temperature,
    top_p: sampling.topP,
    top_k: sampling.topK,
    min_p: sampling.minP,
    frequency_penalty: sampling.frequencyPenalty,
    presence_penalty: sampling.presencePenalty,
    seed: sampling.seed,
    logit_bias: sampling.logitBias,
  };
  return Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined));
}

/** Engines know three levels; vLLM and Ollama answer 400 to any other word. */
const ENGINE_EFFORT: Record<Exclude<ReasoningEffort, 'none'>, 'low' | 'medium' | 'high'> = {
  minimal: 'low',
  low: 'low',
  medium: 'medium',
  high: 'high',
  max: 'high',
};

function encodeReasoning(effort: ReasoningEffort | undefined): ChatBody {
  if (effort === undefined) return {};
  if (effort === 'none') return { chat_template_kwargs: { enable_thinking: false } };
  return { chat_template_kwargs: { enable_thinking: true }, reasoning_effort: ENGINE_EFFORT[effort] };
}
