import { z } from 'zod';
import { cacheControl, costMembers, dryRun } from './common.ts';

/** Anthropic's messages, as this gateway takes and gives them. Unknown fields are tolerated everywhere. */

const textBlock = z.looseObject({ type: z.literal('text'), text: z.string(), cache_control: cacheControl });

const imageBlock = z.looseObject({
  type: z.literal('image'),
  source: z.looseObject({
    type: z.literal('base64'),
    media_type: z.enum(['image/png', 'image/jpeg', 'image/gif', 'image/webp']),
    data: z.string(),
  }),
});

const toolUseBlock = z.looseObject({
  type: z.literal('tool_use'),
  id: z.string(),
  name: z.string(),
  input: z.looseObject({}),
});

const toolResultBlock = z.looseObject({
  type: z.literal('tool_result'),
  tool_use_id: z.string(),
  content: z.union([z.string(), z.array(z.union([textBlock, imageBlock]))]).optional(),
  is_error: z.boolean().optional(),
});

const thinkingBlock = z.looseObject({
  type: z.literal('thinking'),
  thinking: z.string(),
  signature: z.string(),
});
const redactedBlock = z.looseObject({ type: z.literal('redacted_thinking'), data: z.string() });

const message = z
  .looseObject({
    role: z.enum(['user', 'assistant', 'system']),
    content: z.union([
      z.string(),
      z.array(z.union([textBlock, imageBlock, toolUseBlock, toolResultBlock, thinkingBlock, redactedBlock])),
    ]),
  })
  .meta({ id: 'MessagesTurn' });

const tool = z.looseObject({
  name: z.string(),
  description: z.string().optional(),
  input_schema: z.looseObject({}).describe('A JSON schema of an object.'),
});

const common = {
  model: z.string().describe('Id or alias of a model: `GET /v1/models`.'),
  messages: z.array(message).min(1),
  system: z.union([z.string(), z.array(textBlock)]).optional(),
  tools: z.array(tool).optional(),
  tool_choice: z
    .looseObject({
      type: z.enum(['auto', 'any', 'tool', 'none']),
      name: z.string().optional(),
      disable_parallel_tool_use: z.boolean().optional(),
    })
    .optional(),
  thinking: z
    .looseObject({
      type: z.string().describe('enabled, adaptive or disabled.'),
      budget_tokens: z.int().optional(),
    })
    .optional(),
  output_config: z
    .looseObject({
      effort: z.string().optional(),
      format: z.looseObject({ type: z.literal('json_schema'), schema: z.looseObject({}) }).optional(),
    })
    .optional(),
};

export const messagesRequest = z
  .looseObject({
    ...common,
    max_tokens: z.int().min(1).describe('Most output tokens. More than the model allows is cut to that.'),
    stream: z.boolean().optional(),
    stop_sequences: z.array(z.string()).optional(),
    temperature: z.number().min(0).max(2).optional(),
    top_p: z.number().min(0).max(1).optional(),
    top_k: z.int().optional(),
    metadata: z.looseObject({}).optional().describe('Goes to no node.'),
    dry_run: dryRun,
  })
  .meta({ id: 'MessagesRequest' });

export const countTokensRequest = z.looseObject(common).meta({ id: 'CountTokensRequest' });

export const countTokensReply = z.object({ input_tokens: z.int().min(0) }).meta({
  id: 'CountTokensReply',
  description: 'The input as tokens. An estimate where the header says so.',
});

const usage = z.looseObject({
  input_tokens: z.int(),
  cache_creation_input_tokens: z.int(),
  cache_read_input_tokens: z.int(),
  output_tokens: z.int(),
  ...costMembers,
});

export const messagesReply = z
  .looseObject({
    id: z.string(),
    type: z.literal('message'),
    role: z.literal('assistant'),
    model: z.string(),
    content: z.array(z.union([textBlock, toolUseBlock, thinkingBlock, redactedBlock])),
    stop_reason: z.enum([
      'end_turn',
      'max_tokens',
      'stop_sequence',
      'tool_use',
      'refusal',
      'pause_turn',
      'model_context_window_exceeded',
    ]),
    stop_sequence: z.string().nullable(),
    usage,
  })
  .meta({ id: 'Message' });

export const messagesEvent = z
  .looseObject({
    type: z.enum([
      'message_start',
      'content_block_start',
      'content_block_delta',
      'content_block_stop',
      'message_delta',
      'message_stop',
      'ping',
      'error',
    ]),
  })
  .meta({
    id: 'MessagesEvent',
    description: 'One event of the stream; the `event:` line before it names the same type.',
  });
