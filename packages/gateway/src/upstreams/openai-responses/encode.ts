import type {
  ChatRequest,
  ReasoningEffort,
  ResponseFormat,
  ToolChoice,
  ToolDefinition,
} from '@switchyard/protocol/chat.ts';
import type { Adaptation } from '../shared/refused-settings.ts';
import type { Json } from './encode-input.ts';
import { encodeInput } from './encode-input.ts';
import { outputCap } from './forward.ts';

export type EncodeOptions = {
  model: string;
  stream: boolean;
  /** The client's dialect has a place for reasoning: for its text, and for what gives it back to the provider later. */
  hasPlaceForReasoning: boolean;
  /** What the model refuses. */
  adaptation: Adaptation;
};

/**
 * Writes a canonical request as a body of this dialect, for clients of another one. Losses: stop strings, penalties,
 * `seed`, `logit_bias`, `top_k` and `min_p` have no field; reasoning of other providers is left out.
 *
 * Summaries are asked for where reasoning is shown or the client asked for it: its text itself is never given out.
 */
export function encodeBody(chat: ChatRequest, options: EncodeOptions): Buffer {
  const { adaptation } = options;
  const { instructions, items } = encodeInput(chat.messages, adaptation.dropSealedReasoning);
  const hasTools = chat.tools.length > 0;
  const cap = outputCap(chat.maxOutputTokens);
  const body: Json = {
    model: options.model,
    instructions,
    input: items,
    stream: options.stream,
    store: false,
    max_output_tokens: cap === undefined ? undefined : Number(cap),
    ...(hasTools ? { tools: chat.tools.map(encodeTool), tool_choice: encodeChoice(chat.toolChoice) } : {}),
    ...(hasTools && !chat.parallelToolCalls ? { parallel_tool_calls: false } : {}),
    ...encodeFormat(chat.responseFormat),
    temperature: chat.sampling.temperature,
    top_p: chat.sampling.topP,
    reasoning: encodeReasoning(chat.reasoningEffort, options),
    include: options.hasPlaceForReasoning ? ['reasoning.encrypted_content'] : undefined,
  };
  for (const [setting, value] of adaptation.settings) if (setting in body) body[setting] = value;
  return Buffer.from(JSON.stringify(body));
}

function encodeReasoning(
  effort: ReasoningEffort | undefined,
  { adaptation: { settings }, hasPlaceForReasoning }: EncodeOptions,
): Json | undefined {
  const isShown = effort === undefined ? hasPlaceForReasoning : effort !== 'none';
  const wantsSummary = isShown && !settings.has('reasoning.summary');
  const word = settings.has('reasoning.effort') ? settings.get('reasoning.effort') : effort;
  if (word === undefined && !wantsSummary) return undefined;
  return { effort: word, ...(wantsSummary ? { summary: 'auto' } : {}) };
}

/** Without `strict`, this dialect would hold every tool to its schema. */
function encodeTool({ name, description, parameters, strict }: ToolDefinition): Json {
  return {
    type: 'function',
    name,
    description,
    parameters: parameters ?? { type: 'object', properties: {} },
    strict: strict ?? false,
  };
}

function encodeChoice(choice: ToolChoice): unknown {
  return typeof choice === 'string' ? choice : { type: 'function', name: choice.name };
}

function encodeFormat(format: ResponseFormat): Json {
  switch (format.type) {
    case 'json-object':
      return { text: { format: { type: 'json_object' } } };
    case 'json-schema': {
      const { name, schema, strict } = format;
      return { text: { format: { type: 'json_schema', name, schema, strict } } };
    }
    case 'text':
      break;
  }
  return {};
}
