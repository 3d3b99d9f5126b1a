import { z } from 'zod';
import type { ErrorCode } from '../core/errors.ts';
import type { Operation, Parameter } from './operation.ts';
import { quoteView } from './schemas/account.ts';
import { chatCompletion, chatCompletionChunk, chatCompletionRequest } from './schemas/chat-completions.ts';
import {
  countTokensReply,
  countTokensRequest,
  messagesEvent,
  messagesReply,
  messagesRequest,
} from './schemas/messages.ts';
import { responsesEvent, responsesReply, responsesRequest } from './schemas/responses.ts';

const INFERENCE_ERRORS = [
  'invalid_request',
  'invalid_json',
  'unsupported_parameter',
  'unsupported_image_url',
  'context_length_exceeded',
  'insufficient_credits',
  'spend_limit_reached',
  'model_not_allowed',
  'model_not_found',
  'request_in_progress',
  'request_already_done',
  'idempotency_mismatch',
  'body_too_large',
  'unsupported_media_type',
  'concurrency_limit_exceeded',
  'upstream_failed',
  'answer_interrupted',
  'server_is_overloaded',
  'ledger_unavailable',
  'draining',
  'upstream_timeout',
] as const satisfies readonly ErrorCode[];

/** Of every route that makes something. */
export const INFERENCE_HEADERS: readonly Parameter[] = [
  {
    name: 'Idempotency-Key',
    in: 'header',
    description:
      'A text of your own, at most 255 characters. The same key and body within a day are charged once; a twin that still runs gets 409.',
    schema: z.string().max(255),
  },
  {
    name: 'x-dry-run',
    in: 'header',
    description: 'true: the answer is a quote of the most it can cost, and nothing runs.',
    schema: z.enum(['true', 'false']),
  },
];

const TEXT_HEADERS: readonly Parameter[] = [
  ...INFERENCE_HEADERS,
  {
    name: 'x-continue',
    in: 'header',
    description:
      'true: another node may go on in a streamed text whose node was lost. Default: as the model is set.',
    schema: z.enum(['true', 'false']),
  },
];

const QUOTE = { mediaType: 'application/json', description: 'A quote, for a dry run.', schema: quoteView };

/** The routes that make text. */
export const textOperations: readonly Operation[] = [
  {
    method: 'POST',
    path: '/v1/chat/completions',
    id: 'createChatCompletion',
    tag: 'Text',
    summary: 'Chat completion',
    description: "OpenAI's chat completions, streamed or not.",
    scope: 'inference',
    parameters: TEXT_HEADERS,
    body: {
      schema: chatCompletionRequest,
      example: { model: 'demo', messages: [{ role: 'user', content: 'Hello!' }] },
    },
    replies: [
      { mediaType: 'application/json', description: 'The answer.', schema: chatCompletion },
      {
        mediaType: 'text/event-stream',
        description: 'With `stream: true`: the answer as it is made.',
        schema: chatCompletionChunk,
      },
      QUOTE,
    ],
    errors: INFERENCE_ERRORS,
  },
  {
    method: 'POST',
    path: '/v1/messages',
    id: 'createMessage',
    tag: 'Text',
    summary: 'Message',
    description: "Anthropic's messages, streamed or not.",
    scope: 'inference',
    parameters: TEXT_HEADERS,
    body: {
      schema: messagesRequest,
      example: { model: 'demo', max_tokens: 200, messages: [{ role: 'user', content: 'Hello!' }] },
    },
    replies: [
      { mediaType: 'application/json', description: 'The answer.', schema: messagesReply },
      {
        mediaType: 'text/event-stream',
        description: 'With `stream: true`: the answer as it is made.',
        schema: messagesEvent,
      },
      QUOTE,
    ],
    errors: INFERENCE_ERRORS,
    errorShape: 'anthropic',
  },
  {
    method: 'POST',
    path: '/v1/messages/count_tokens',
    id: 'countTokens',
    tag: 'Text',
    summary: 'Count the tokens of a message',
    description: 'Free. Asks no engine: the number is an estimate where the header `x-token-count` says so.',
    scope: 'inference',
    body: {
      schema: countTokensRequest,
      example: { model: 'demo', messages: [{ role: 'user', content: 'Hello!' }] },
    },
    replies: [{ mediaType: 'application/json', description: 'The count.', schema: countTokensReply }],
    errors: ['invalid_request', 'invalid_json', 'model_not_found', 'model_not_allowed', 'body_too_large'],
    errorShape: 'anthropic',
  },
  {
    method: 'POST',
    path: '/v1/responses',
    id: 'createResponse',
    tag: 'Text',
    summary: 'Response',
    description:
      "OpenAI's responses, streamed or not. Stateless: the whole conversation comes with each request, and `previous_response_id`, `conversation`, `background` and `prompt` are refused.",
    scope: 'inference',
    parameters: TEXT_HEADERS,
    body: { schema: responsesRequest, example: { model: 'demo', input: 'Hello!' } },
    replies: [
      { mediaType: 'application/json', description: 'The answer.', schema: responsesReply },
      {
        mediaType: 'text/event-stream',
        description: 'With `stream: true`: the answer as it is made.',
        schema: responsesEvent,
      },
      QUOTE,
    ],
    errors: [...INFERENCE_ERRORS, 'insufficient_quota'],
  },
];
