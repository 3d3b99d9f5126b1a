import type { ChatMessage, ChatRequest, ImagePart, UserPart } from '@switchyard/protocol/chat.ts';
import type { JsonObject } from './json.ts';
import { isObject, parseJson } from './json.ts';

/** What a request to Ollama needs to know about the model besides the chat. */
export type OllamaTarget = {
  localName: string;
  /** Tokens of context. A request with another number makes Ollama load the model anew, so it never changes. */
  contextTokens: number;
  thinking: boolean;
  /** gpt-oss alone thinks in levels: `low`, `medium`, `high`. The others answer 400 to such a word. */
  thinksInLevels: boolean;
  /** How long the model stays loaded, in Ollama's words (`30m`, `-1`). Absent: as Ollama is set up. */
  keepAlive: string | undefined;
};

/**
 * Writes a canonical request as a body for Ollama's `POST /api/chat`.
 *
 * `num_ctx` is always sent, and `truncate` and `shift` are off: left to itself, Ollama uses a small context,
 * drops the oldest messages of a longer chat without a word, and forgets its beginning while it answers.
 * This way a chat that does not fit is an error. `tool_choice` does not exist there: `none` hides the tools,
 * a named tool is the only one shown, and no choice can be enforced. Token biases do not exist either.
 * Source: `docs/api.md` and `api/types.go` of Ollama 0.17.4, read and tried 2026-11-21.
 */
export function encodeOllamaBody(target: OllamaTarget, chat: ChatRequest): JsonObject {
  const body: JsonObject = {
    model: target.localName,
    messages: encodeMessages(chat.messages),
    stream: true,
    truncate: false,
    shift: false,
    options: encodeOptions(target, chat),
  };
  const tools = encodeTools(chat);
  if (tools.length > 0) body.tools = tools;
  if (target.keepAlive !== undefined) body.keep_alive = target.keepAlive;
  if (target.thinking && chat.reasoningEffort !== undefined) body.think = encodeThink(target, chat);
  if (chat.responseFormat.type === 'json-object') body.format = 'json';
  if (chat.responseFormat.type === 'json-schema') body.format = chat.responseFormat.schema;
  return body;
}

function encodeThink({ thinksInLevels }: OllamaTarget, { reasoningEffort }: ChatRequest): boolean | string {
  switch (reasoningEffort) {
    case undefined:
    case 'none':
      return false;
    case 'minimal':
    case 'low':
      return thinksInLevels ? 'low' : true;
    case 'medium':
      return thinksInLevels ? 'medium' : true;
    case 'high':
    case 'max':
      return thinksInLevels ? 'high' : true;
  }
  return true;
}

function encodeOptions({ contextTokens }: OllamaTarget, { sampling, ...chat }: ChatRequest): JsonObject {
  const named: JsonObject = {
    num_ctx: contextTokens,
    num_predict: chat.maxOutputTokens,
    temperature: sampling.temperature,
    top_p: sampling.topP,
    top_k: sampling.topK,
    min_p: sampling.minP,
    frequency_penalty: sampling.frequencyPenalty,
    presence_penalty: sampling.presencePenalty,
    seed: sampling.seed,
    stop: chat.stop.length > 0 ? chat.stop : undefined,
  };
  return Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined));
}

function encodeTools({ tools, toolChoice }: ChatRequest): JsonObject[] {
  if (toolChoice === 'none') return [];
  const shown =
    typeof toolChoice === 'string' ? tools : tools.filter((tool) => tool.name === toolChoice.name);
  return shown.map(({ name, description, parameters }) => ({
    type: 'function',
    function: {
      name,
      ...(description === undefined ? {} : { description }),
      parameters: parameters ?? { type: 'object', properties: {} },
    },
  }));
}

/** Several system messages become one at the head, because many templates refuse them elsewhere. */
function encodeMessages(messages: ChatMessage[]): JsonObject[] {
  const wire: JsonObject[] = [];
  const system = messages.flatMap((message) => (message.role === 'system' ? message.content : []));
  if (system.length > 0) {
    wire.push({ role: 'system', content: system.map((part) => part.text).join('\n\n') });
  }
  const callNames = new Map<string, string>();
  // Pictures from tools wait until the run of tool messages is over: templates show those of users only.
  let toolImages: ImagePart[] = [];
  for (const message of messages) {
    if (message.role !== 'tool' && toolImages.length > 0) {
      wire.push(toolImagesMessage(toolImages));
      toolImages = [];
    }
    if (message.role === 'tool') toolImages.push(...imagesOf(message.content));
    wire.push(...encodeMessage(message, callNames));
  }
  if (toolImages.length > 0) wire.push(toolImagesMessage(toolImages));
  return wire;
}

function encodeMessage(message: ChatMessage, callNames: Map<string, string>): JsonObject[] {
  switch (message.role) {
    case 'system':
      return [];
    case 'user': {
      const images = imagesOf(message.content).map((part) => part.base64);
      return [
        { role: 'user', content: joinText(message.content), ...(images.length === 0 ? {} : { images }) },
      ];
    }
    case 'assistant':
      return [encodeAssistant(message, callNames)];
    case 'tool': {
      const text = joinText(message.content);
      const content = message.isError === true && !/^error/iu.test(text) ? `Error: ${text}` : text;
      const name = callNames.get(message.callId);
      const result = { role: 'tool', content, tool_call_id: message.callId };
      return [name === undefined ? result : { ...result, tool_name: name }];
    }
  }
  return [];
}

function encodeAssistant(
  message: Extract<ChatMessage, { role: 'assistant' }>,
  callNames: Map<string, string>,
): JsonObject {
  let content = '';
  let thinking = '';
  const calls: JsonObject[] = [];
  for (const part of message.content) {
    switch (part.type) {
      case 'text':
      case 'refusal':
        content += part.text;
        break;
      case 'reasoning':
        // Sealed reasoning belongs to the provider that sealed it.
        if (part.seal === undefined) thinking += part.text;
        break;
      case 'tool-call':
        callNames.set(part.id, part.name);
        calls.push({
          id: part.id,
          function: { name: part.name, arguments: readArguments(part.argumentsText) },
        });
        break;
    }
  }
  return {
    role: 'assistant',
    content,
    ...(thinking === '' ? {} : { thinking }),
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
  };
}

/** Ollama takes arguments as an object only: text that is none is shown to the model under a name of ours. */
function readArguments(argumentsText: string): JsonObject {
  if (argumentsText.trim() === '') return {};
  const value = parseJson(argumentsText);
  return isObject(value) ? value : { arguments: argumentsText };
}

function toolImagesMessage(images: ImagePart[]): JsonObject {
  return {
    role: 'user',
    content: 'Pictures returned by the tools:',
    images: images.map((part) => part.base64),
  };
}

function imagesOf(parts: UserPart[]): ImagePart[] {
  return parts.filter((part) => part.type === 'image');
}

function joinText(parts: UserPart[]): string {
  return parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n');
}
