import type {
  AssistantPart,
  ChatMessage,
  ChatRequest,
  TextPart,
  ToolDefinition,
  UserPart,
} from '@switchyard/protocol/chat.ts';
import type { NativeInput } from '../core/surface.ts';

/**
 * Tokens that no text of the request accounts for. Generous, since they make a ceiling, not a price.
 * Requests: a template's own preamble (the longest seen, gpt-oss, is about 100 tokens).
 */
const TOKENS_PER_REQUEST = 256;
/** Role names and turn marks: 3-5 tokens in the templates of Llama, Qwen, Gemma and OpenAI. */
const TOKENS_PER_MESSAGE = 16;
/** Instructions that a provider or template adds once when there are tools: Anthropic names 313-530 (tool use page, read 2026-11-20). */
const TOKENS_FOR_TOOLS = 1_024;
/** Marks around a tool's definition or a tool call. */
const TOKENS_PER_TOOL = 32;
/** Some templates print a tool's schema indented: up to one more token for each few bytes of compact JSON. */
const SCHEMA_FACTOR = 2;

/**
 * The most tokens that one picture becomes at any model we know of that is not told otherwise: Qwen2.5-VL, 16 384 by its
 * default `max_pixels` (model card). OpenAI's and Anthropic's largest are far below for their current models.
 */
export const IMAGE_TOKENS_MAX = 16_384;

/** English prose has 4-5 bytes for each token, code and other scripts 2-4. */
const ESTIMATED_BYTES_PER_TOKEN = 4;
const ESTIMATED_TOKENS_PER_MESSAGE = 4;
const ESTIMATED_TOKENS_PER_IMAGE = 800;

export type InputMeasure = {
  /** No tokenizer that falls back to bytes makes more tokens of this request. The base of a hold. */
  ceilingTokens: number;
  /** The part of `ceilingTokens` that is for pictures. 0: the request has none. */
  imageCeilingTokens: number;
  /** A likely count. For scheduling, and for charges where the target reported no usage. */
  estimatedTokens: number;
};

/**
 * The measure of a request whose target may also read what is not in its canonical form. Beyond the model's context no
 * input can go, so that is the ceiling of what has no other.
 */
export function withNativeInput(
  measure: InputMeasure,
  native: NativeInput,
  contextTokens: number,
): InputMeasure {
  const ceilingTokens = measure.ceilingTokens + SCHEMA_FACTOR * native.bytes;
  return {
    ...measure,
    ceilingTokens: native.isBounded ? ceilingTokens : Math.max(ceilingTokens, contextTokens),
  };
}

type Tally = { bytes: number; schemaBytes: number; marks: number; images: number };

/**
 * Measures the input of a request in one pass. A token of a byte-level tokenizer (or one with byte fallback) stands for
 * at least one UTF-8 byte, so the bytes of all text are a true ceiling for the text; template marks and pictures come on top.
 * `imageTokensMax` is the model's most for one picture.
 */
export function measureInput(chat: ChatRequest, imageTokensMax: number = IMAGE_TOKENS_MAX): InputMeasure {
  const tally: Tally = { bytes: 0, schemaBytes: 0, marks: 0, images: 0 };
  for (const message of chat.messages) tallyMessage(message, tally);
  for (const tool of chat.tools) tallyTool(tool, tally);
  if (chat.responseFormat.type === 'json-schema') {
    tally.bytes += textBytes(chat.responseFormat.name);
    tally.schemaBytes += textBytes(JSON.stringify(chat.responseFormat.schema));
    tally.marks += TOKENS_PER_TOOL;
  }
  const messages = chat.messages.length;
  const imageCeilingTokens = imageTokensMax * tally.images;
  return {
    ceilingTokens:
      TOKENS_PER_REQUEST +
      TOKENS_PER_MESSAGE * messages +
      (chat.tools.length > 0 ? TOKENS_FOR_TOOLS : 0) +
      tally.marks +
      tally.bytes +
      SCHEMA_FACTOR * tally.schemaBytes +
      imageCeilingTokens,
    imageCeilingTokens,
    estimatedTokens:
      ESTIMATED_TOKENS_PER_MESSAGE * messages +
      Math.ceil((tally.bytes + tally.schemaBytes) / ESTIMATED_BYTES_PER_TOKEN) +
      Math.min(ESTIMATED_TOKENS_PER_IMAGE, imageTokensMax) * tally.images,
  };
}

function tallyMessage(message: ChatMessage, tally: Tally): void {
  if (message.role === 'tool') tally.bytes += textBytes(message.callId);
  for (const part of message.content) tallyPart(part, tally);
}

function tallyPart(part: TextPart | UserPart | AssistantPart, tally: Tally): void {
  switch (part.type) {
    case 'text':
    case 'refusal':
      tally.bytes += textBytes(part.text);
      return;
    case 'reasoning':
      tally.bytes += textBytes(part.text) + textBytes(part.seal?.data ?? '');
      return;
    case 'tool-call':
      tally.bytes += textBytes(part.id) + textBytes(part.name) + textBytes(part.argumentsText);
      tally.marks += TOKENS_PER_TOOL;
      return;
    case 'image':
      tally.images += 1;
      return;
  }
}

function tallyTool(tool: ToolDefinition, tally: Tally): void {
  tally.bytes += textBytes(tool.name) + textBytes(tool.description ?? '');
  if (tool.parameters !== undefined) tally.schemaBytes += textBytes(JSON.stringify(tool.parameters));
  tally.marks += TOKENS_PER_TOOL;
}

function textBytes(text: string): number {
  return Buffer.byteLength(text, 'utf8');
}
