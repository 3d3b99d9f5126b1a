/** One question in each dialect of clients. */

export const SURFACES = ['chat', 'messages', 'responses'] as const;

export type SurfaceName = (typeof SURFACES)[number];

export const PATHS: Readonly<Record<SurfaceName, string>> = {
  chat: '/chat/completions',
  messages: '/messages',
  responses: '/responses',
};

export type Question = {
  prompt: string;
  withTool?: boolean;
  /** At most one call at once. */
  oneCall?: boolean;
  picture?: { mime: string; base64: string };
  withSchema?: boolean;
  effort?: 'medium';
  /** Responses have no field for it. */
  stop?: string;
};

const TOOL = {
  name: 'get_weather',
  description: 'The weather of a city.',
  schema: {
    type: 'object',
    properties: { city: { type: 'string' } },
    required: ['city'],
    additionalProperties: false,
  },
};

const SCHEMA = {
  type: 'object',
  properties: { city: { type: 'string' }, celsius: { type: 'number' } },
  required: ['city', 'celsius'],
  additionalProperties: false,
};

/** Spacing that no encoder of ours writes: it only survives where the client's bytes are handed on. */
export const CLIENT_MARK = '"temperature" :  0.25';

export function bodyOf(surface: SurfaceName, model: string, stream: boolean, question: Question): string {
  const body = { model, stream, ...BODIES[surface](question) };
  return `${JSON.stringify(body).slice(0, -1)},${CLIENT_MARK}}`;
}

const BODIES: Readonly<Record<SurfaceName, (question: Question) => object>> = {
  chat: ({ prompt, withTool, oneCall, picture, withSchema, effort, stop }) => ({
    messages: [
      { role: 'system', content: 'You are helpful.' },
      {
        role: 'user',
        content: [
          { type: 'text', text: prompt },
          ...(picture === undefined
            ? []
            : [{ type: 'image_url', image_url: { url: `data:${picture.mime};base64,${picture.base64}` } }]),
        ],
      },
    ],
    max_completion_tokens: 500,
    stream_options: { include_usage: true },
    ...(withTool === true
      ? {
          tools: [
            {
              type: 'function',
              function: { name: TOOL.name, description: TOOL.description, parameters: TOOL.schema },
            },
          ],
          parallel_tool_calls: oneCall !== true,
        }
      : {}),
    ...(withSchema === true
      ? {
          response_format: {
            type: 'json_schema',
            json_schema: { name: 'report', schema: SCHEMA, strict: true },
          },
        }
      : {}),
    ...(effort === undefined ? {} : { reasoning_effort: effort }),
    ...(stop === undefined ? {} : { stop: [stop] }),
  }),

  messages: ({ prompt, withTool, oneCall, picture, withSchema, effort, stop }) => ({
    system: 'You are helpful.',
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text: prompt },
          ...(picture === undefined
            ? []
            : [
                { type: 'image', source: { type: 'base64', media_type: picture.mime, data: picture.base64 } },
              ]),
        ],
      },
    ],
    max_tokens: 500,
    ...(withTool === true
      ? {
          tools: [{ name: TOOL.name, description: TOOL.description, input_schema: TOOL.schema }],
          tool_choice: { type: 'auto', disable_parallel_tool_use: oneCall === true },
        }
      : {}),
    ...(withSchema === true ? { output_config: { format: { type: 'json_schema', schema: SCHEMA } } } : {}),
    ...(effort === undefined ? {} : { thinking: { type: 'adaptive' } }),
    ...(stop === undefined ? {} : { stop_sequences: [stop] }),
  }),

  responses: ({ prompt, withTool, oneCall, picture, withSchema, effort }) => ({
    instructions: 'You are helpful.',
    input: [
      {
        role: 'user',
        content: [
          { type: 'input_text', text: prompt },
          ...(picture === undefined
            ? []
            : [{ type: 'input_image', image_url: `data:${picture.mime};base64,${picture.base64}` }]),
        ],
      },
    ],
    max_output_tokens: 500,
    store: false,
    ...(withTool === true
      ? {
          tools: [
            {
              type: 'function',
              name: TOOL.name,
              description: TOOL.description,
              parameters: TOOL.schema,
              strict: true,
            },
          ],
          parallel_tool_calls: oneCall !== true,
        }
      : {}),
    ...(withSchema === true
      ? { text: { format: { type: 'json_schema', name: 'report', schema: SCHEMA, strict: true } } }
      : {}),
    ...(effort === undefined ? {} : { reasoning: { effort, summary: 'auto' } }),
  }),
};
