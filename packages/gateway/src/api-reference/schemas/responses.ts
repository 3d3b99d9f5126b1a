import { z } from 'zod';
import { costMembers, dryRun } from './common.ts';

/** OpenAI's responses, as this gateway takes and gives them. Unknown fields are tolerated everywhere. */

const inputContent = z.union([
  z.string(),
  z.array(
    z.looseObject({
      type: z.string().describe('input_text, input_image (a data URL), output_text or refusal.'),
      text: z.string().optional(),
      image_url: z.string().optional(),
    }),
  ),
]);

const inputItem = z
  .looseObject({
    type: z
      .string()
      .optional()
      .describe(
        'message (default), function_call, function_call_output, custom_tool_call, custom_tool_call_output or reasoning.',
      ),
    role: z.string().optional().describe('user, assistant, system or developer.'),
    content: z.union([inputContent, z.null()]).optional(),
    call_id: z.string().optional(),
    name: z.string().optional(),
    arguments: z.string().optional(),
    output: z.union([z.string(), z.array(z.looseObject({ type: z.string() }))]).optional(),
    encrypted_content: z.string().nullable().optional(),
  })
  .meta({ id: 'ResponseInputItem' });

export const responsesRequest = z
  .looseObject({
    model: z.string().describe('Id or alias of a model: `GET /v1/models`.'),
    input: z
      .union([z.string(), z.array(inputItem)])
      .describe('The whole conversation: nothing is stored here.'),
    instructions: z.string().nullable().optional(),
    stream: z.boolean().nullable().optional(),
    max_output_tokens: z.int().min(1).nullable().optional(),
    temperature: z.number().min(0).max(2).nullable().optional(),
    top_p: z.number().min(0).max(1).nullable().optional(),
    tools: z
      .array(
        z.looseObject({
          type: z.string().describe('function, custom or namespace.'),
          name: z.string().optional(),
        }),
      )
      .optional(),
    tool_choice: z
      .union([z.enum(['none', 'auto', 'required']), z.looseObject({ type: z.string() })])
      .optional(),
    parallel_tool_calls: z.boolean().nullable().optional(),
    text: z.looseObject({ format: z.looseObject({ type: z.string() }).optional() }).optional(),
    reasoning: z.looseObject({ effort: z.string().nullable().optional() }).nullable().optional(),
    include: z.array(z.string()).nullable().optional(),
    store: z.boolean().nullable().optional().describe('Accepted; the answer always says false.'),
    dry_run: dryRun,
  })
  .meta({ id: 'ResponsesRequest' });

const usage = z.looseObject({
  input_tokens: z.int(),
  input_tokens_details: z.looseObject({ cached_tokens: z.int() }),
  output_tokens: z.int(),
  output_tokens_details: z.looseObject({ reasoning_tokens: z.int() }),
  total_tokens: z.int(),
  ...costMembers,
});

export const responsesReply = z
  .looseObject({
    id: z.string(),
    object: z.literal('response'),
    created_at: z.number(),
    status: z.enum(['completed', 'incomplete', 'failed', 'in_progress']),
    model: z.string(),
    output: z.array(
      z.looseObject({
        type: z.string().describe('message, function_call, custom_tool_call or reasoning.'),
        id: z.string().optional(),
      }),
    ),
    error: z.looseObject({ code: z.string(), message: z.string() }).nullable(),
    incomplete_details: z.looseObject({ reason: z.string() }).nullable(),
    store: z.literal(false),
    usage: usage.nullable(),
  })
  .meta({ id: 'Response' });

export const responsesEvent = z.looseObject({ type: z.string(), sequence_number: z.int().optional() }).meta({
  id: 'ResponsesEvent',
  description:
    'One event of the stream; the `event:` line before it names the same type. Only `keepalive` may come without a number. After `response.completed` or `response.incomplete` comes `data: [DONE]`; after `response.failed` the connection is cut.',
});
