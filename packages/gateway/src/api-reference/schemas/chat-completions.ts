import { z } from 'zod';
import { costMembers, dryRun } from './common.ts';

/** OpenAI's chat completions, as this gateway takes and gives them. Unknown fields are tolerated everywhere. */

const textPart = z.looseObject({ type: z.literal('text'), text: z.string() });

const imagePart = z.looseObject({
  type: z.literal('image_url'),
  image_url: z.looseObject({
    url: z.string().describe('`data:image/png;base64,…` (PNG, JPEG, GIF or WebP). Addresses are refused.'),
    detail: z.enum(['auto', 'low', 'high']).optional(),
  }),
});

const toolCall = z.looseObject({
  id: z.string(),
  type: z.literal('function'),
  function: z.looseObject({ name: z.string(), arguments: z.string().describe('JSON text.') }),
});

const message = z
  .looseObject({
    role: z.enum(['system', 'developer', 'user', 'assistant', 'tool']),
    content: z.union([z.string(), z.array(z.union([textPart, imagePart])).max(500), z.null()]).optional(),
    tool_calls: z.array(toolCall).optional().describe('Of an assistant.'),
    tool_call_id: z.string().optional().describe('Of a tool: the call that this is the result of.'),
    reasoning_content: z.string().optional().describe('Of an assistant: its earlier reasoning.'),
    refusal: z.string().nullable().optional(),
  })
  .meta({ id: 'ChatMessage' });

const tool = z.looseObject({
  type: z.literal('function'),
  function: z.looseObject({
    name: z.string(),
    description: z.string().optional(),
    parameters: z.looseObject({}).optional().describe('A JSON schema of an object.'),
    strict: z.boolean().nullable().optional(),
  }),
});

const responseFormat = z.union([
  z.looseObject({ type: z.literal('text') }),
  z.looseObject({ type: z.literal('json_object') }),
  z.looseObject({
    type: z.literal('json_schema'),
    json_schema: z.looseObject({
      name: z.string(),
      schema: z.looseObject({}),
      strict: z.boolean().optional(),
    }),
  }),
]);

export const chatCompletionRequest = z
  .looseObject({
    model: z.string().describe('Id or alias of a model: `GET /v1/models`.'),
    messages: z.array(message).min(1).max(2_000),
    stream: z.boolean().optional().describe('Default: false.'),
    stream_options: z.looseObject({ include_usage: z.boolean().optional() }).optional(),
    max_completion_tokens: z.int().min(1).optional().describe('Most output tokens, reasoning included.'),
    max_tokens: z.int().min(1).optional().describe('Older name of the same.'),
    temperature: z.number().min(0).max(2).optional(),
    top_p: z.number().min(0).max(1).optional(),
    frequency_penalty: z.number().min(-2).max(2).optional(),
    presence_penalty: z.number().min(-2).max(2).optional(),
    seed: z.int().optional(),
    stop: z.union([z.string(), z.array(z.string()).max(16)]).optional(),
    logit_bias: z.record(z.string(), z.number()).optional(),
    tools: z.array(tool).max(256).optional(),
    tool_choice: z
      .union([
        z.enum(['none', 'auto', 'required']),
        z.looseObject({ type: z.literal('function'), function: z.looseObject({ name: z.string() }) }),
      ])
      .optional(),
    parallel_tool_calls: z.boolean().optional(),
    response_format: responseFormat.optional(),
    reasoning_effort: z.string().optional().describe('none, minimal, low, medium, high, xhigh or max.'),
    dry_run: dryRun,
  })
  .meta({ id: 'ChatCompletionRequest' });

const usage = z.looseObject({
  prompt_tokens: z.int(),
  completion_tokens: z.int(),
  total_tokens: z.int(),
  prompt_tokens_details: z.looseObject({ cached_tokens: z.int() }),
  completion_tokens_details: z.looseObject({ reasoning_tokens: z.int() }),
  ...costMembers,
});

const finishReason = z.enum(['stop', 'length', 'tool_calls', 'content_filter']);

export const chatCompletion = z
  .looseObject({
    id: z.string(),
    object: z.literal('chat.completion'),
    created: z.int().describe('Seconds since 1970.'),
    model: z.string(),
    choices: z.array(
      z.looseObject({
        index: z.literal(0),
        message: z.looseObject({
          role: z.literal('assistant'),
          content: z.string().nullable(),
          refusal: z.string().nullable(),
          reasoning_content: z.string().optional(),
          tool_calls: z.array(toolCall).optional(),
        }),
        finish_reason: finishReason,
      }),
    ),
    usage,
  })
  .meta({ id: 'ChatCompletion' });

export const chatCompletionChunk = z
  .looseObject({
    id: z.string(),
    object: z.literal('chat.completion.chunk'),
    created: z.int(),
    model: z.string(),
    choices: z.array(
      z.looseObject({
        index: z.literal(0),
        delta: z.looseObject({
          role: z.literal('assistant').optional(),
          content: z.string().nullable().optional(),
          reasoning_content: z.string().optional(),
          refusal: z.string().optional(),
          tool_calls: z
            .array(
              z.looseObject({
                index: z.int(),
                id: z.string().optional(),
                type: z.literal('function').optional(),
                function: z.looseObject({ name: z.string().optional(), arguments: z.string() }),
              }),
            )
            .optional(),
        }),
        finish_reason: finishReason.nullable(),
      }),
    ),
    usage: usage.nullable().optional(),
  })
  .meta({
    id: 'ChatCompletionChunk',
    description: 'One `data:` line of the stream. The last one is `data: [DONE]`.',
  });
