import type {
  ChatRequest,
  ResponseFormat,
  Sampling,
  ToolChoice,
  ToolDefinition,
} from '@switchyard/protocol/chat.ts';
import type { JsonObject } from '../../core/json-body.ts';
import type { Result } from '../../core/result.ts';
import { failed, ok } from '../../core/result.ts';
import type { UpstreamFault } from '../transport/fault-causes.ts';
import { encodeMessages, isVisible } from './encode-messages.ts';
import { supportedSchema } from './json-schema.ts';
import type { ModelTraits } from './model-traits.ts';
import { modelTraits } from './model-traits.ts';
import { asksToThink, thinkingFields } from './thinking.ts';
import type { ThinkingFields } from './thinking.ts';
import type { ToolNames } from './tool-names.ts';
import { toolNames } from './tool-names.ts';

export type EncodeOptions = { model: string; stream: boolean };

/** `names` turn the names of called tools back. */
export type EncodedRequest = { body: Buffer; names: ToolNames };

/** The gateway always sets a cap; the API takes no request without one. */
const MAX_TOKENS_DEFAULT = 4_096;

/** Stands at the end of the system texts when any JSON object will do, for which the API has no setting. */
const JSON_ONLY = 'Answer with one JSON object and nothing else: no words around it and no code fence.';

/**
 * Writes a canonical request as a body of this API, for clients of another dialect. What it does about each field that
 * has no equal here stands in docs/upstreams.md. Errors: `unsupported_parameter` when a call of a tool is demanded of a
 * model that cannot be made to call one; another target may.
 * Source: Messages API, official client 1.11.0 and documentation, read 2026-11-21.
 */
export function encodeBody(
  chat: ChatRequest,
  { model, stream }: EncodeOptions,
): Result<EncodedRequest, UpstreamFault> {
  const traits = modelTraits(model);
  const hasTools = chat.tools.length > 0;
  const isForced = hasTools && chat.toolChoice !== 'auto' && chat.toolChoice !== 'none';
  if (isForced && !traits.canForceTools) return failed(CANNOT_FORCE);

  const names = toolNames(chat);
  const { system, messagesJson, isEmpty, callsWithoutThinking } = encodeMessages(chat.messages, names);
  if (chat.responseFormat.type === 'json-object') system.push(JSON_ONLY);
  const maxTokens = chat.maxOutputTokens ?? MAX_TOKENS_DEFAULT;
  const fields = thinkingFields(
    {
      effort: chat.reasoningEffort,
      maxTokens,
      mayThink: !isForced && !(traits.thinking === 'budget' && callsWithoutThinking),
    },
    traits,
  );
  const stop = chat.stop.filter(isVisible);
  const rest = JSON.stringify({
    model,
    max_tokens: maxTokens,
    stream,
    ...(system.length === 0 || isEmpty ? {} : { system: system.map((text) => ({ type: 'text', text })) }),
    ...(hasTools
      ? {
          tools: chat.tools.map((tool) => encodeTool(tool, names)),
          tool_choice: encodeToolChoice(chat, names),
        }
      : {}),
    ...(fields.thinking === undefined ? {} : { thinking: fields.thinking }),
    ...encodeOutputConfig(chat.responseFormat, fields),
    ...encodeSampling(chat.sampling, traits, fields),
    ...(stop.length === 0 ? {} : { stop_sequences: stop }),
  });
  const messages = isEmpty ? onlySystem(system) : messagesJson;
  return ok({ body: Buffer.from(`${rest.slice(0, -1)},"messages":${messages}}`), names });
}

const CANNOT_FORCE: UpstreamFault = {
  code: 'unsupported_parameter',
  blame: 'target',
  cause: 'refused',
  message: 'This model cannot be made to call a tool: the choice of tools must be auto or none.',
};

/** The API wants a turn of the user; a prompt that is all instruction is one. */
function onlySystem(system: readonly string[]): string {
  return JSON.stringify([{ role: 'user', content: system.map((text) => ({ type: 'text', text })) }]);
}

/** `strict` is left out: the API keeps it for fewer tools and a smaller part of JSON Schema than others allow. */
function encodeTool({ name, description, parameters = {} }: ToolDefinition, names: ToolNames): JsonObject {
  return {
    name: names.toApi(name),
    ...(description === undefined ? {} : { description }),
    input_schema: parameters['type'] === 'object' ? parameters : { ...parameters, type: 'object' },
  };
}

function encodeToolChoice({ toolChoice, parallelToolCalls }: ChatRequest, names: ToolNames): JsonObject {
  if (toolChoice === 'none') return { type: 'none' };
  const single = parallelToolCalls ? {} : { disable_parallel_tool_use: true };
  return { ...choiceType(toolChoice, names), ...single };
}

function choiceType(choice: Exclude<ToolChoice, 'none'>, names: ToolNames): JsonObject {
  if (choice === 'auto') return { type: 'auto' };
  return choice === 'required' ? { type: 'any' } : { type: 'tool', name: names.toApi(choice.name) };
}

function encodeOutputConfig(format: ResponseFormat, { effort }: ThinkingFields): JsonObject {
  const config = {
    ...(effort === undefined ? {} : { effort }),
    ...(format.type === 'json-schema'
      ? { format: { type: 'json_schema', schema: supportedSchema(format.schema) } }
      : {}),
  };
  return Object.keys(config).length === 0 ? {} : { output_config: config };
}

/** Temperatures end at 1 here, at 2 elsewhere. Seed, penalties, `min_p` and `logit_bias` have no equal. */
function encodeSampling(sampling: Sampling, traits: ModelTraits, fields: ThinkingFields): JsonObject {
  if (traits.sampling === 'none' || asksToThink(fields)) return {};
  const { temperature, topP, topK } = sampling;
  const isEnough = traits.sampling === 'one' && temperature !== undefined;
  return {
    ...(temperature === undefined ? {} : { temperature: Math.min(Math.max(temperature, 0), 1) }),
    ...(topP === undefined || isEnough ? {} : { top_p: topP }),
    ...(topK === undefined || topK < 1 ? {} : { top_k: topK }),
  };
}
