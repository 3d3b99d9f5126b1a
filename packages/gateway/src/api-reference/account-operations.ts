import { z } from 'zod';
import type { Operation, Parameter } from './operation.ts';
import {
  balanceView,
  earningsReport,
  modelList,
  modelView,
  receiptKeys,
  receiptList,
  receiptView,
  usageReport,
} from './schemas/account.ts';

const json = (description: string, schema: z.ZodType) =>
  ({ mediaType: 'application/json', description, schema }) as const;

const query = (name: string, description: string, schema: z.ZodType): Parameter => ({
  name,
  in: 'query',
  description,
  schema,
});

const day = z.string().regex(/^\d{4}-\d{2}-\d{2}$/);

const earningsParameters: readonly Parameter[] = [
  query('from', 'First day, UTC. Default: 29 days before the last.', day),
  query('to', 'Last day, UTC. Default: today.', day),
  query('by', 'day, node, model, or several with commas. Default: day,node.', z.string()),
];

/** The routes that tell of models, money and past requests, and those for operators. */
export const accountOperations: readonly Operation[] = [
  {
    method: 'GET',
    path: '/v1/models',
    id: 'listModels',
    tag: 'Models',
    summary: 'The models that this key may use, with prices and what is available now',
    scope: 'read',
    parameters: [
      query(
        'limit',
        'With the header `anthropic-version` only: most models in the list.',
        z.int().min(1).max(1_000),
      ),
      query('after_id', 'With that header only: the models after this one.', z.string()),
      query('before_id', 'With that header only: the models before this one.', z.string()),
    ],
    replies: [json('The models.', modelList)],
  },
  {
    method: 'GET',
    path: '/v1/models/*',
    id: 'showModel',
    tag: 'Models',
    summary: 'One model',
    scope: 'read',
    parameters: [
      { name: 'model', in: 'path', description: 'Its id or an alias.', schema: z.string(), required: true },
    ],
    replies: [json('The model.', modelView)],
    errors: ['model_not_found', 'model_not_allowed'],
  },
  {
    method: 'GET',
    path: '/v1/balance',
    id: 'showBalance',
    tag: 'Money',
    summary: 'What is left',
    scope: 'read',
    replies: [json('The balance.', balanceView)],
  },
  {
    method: 'GET',
    path: '/v1/requests',
    id: 'listRequests',
    tag: 'Money',
    summary: 'Receipts, the newest first',
    scope: 'read',
    parameters: [
      query('limit', 'Default: 20.', z.int().min(1).max(100)),
      query('before', '`next_before` of the page before.', z.string()),
      query('model', 'Of one model.', z.string()),
      query('key', 'Of one key, by its id.', z.string()),
      query('end', 'By how the answer ended.', z.string()),
    ],
    replies: [json('The receipts.', receiptList)],
    errors: ['invalid_request'],
  },
  {
    method: 'GET',
    path: '/v1/requests/:id',
    id: 'showRequest',
    tag: 'Money',
    summary: 'The signed receipt of one request',
    scope: 'read',
    parameters: [
      { name: 'id', in: 'path', description: 'Id of the request.', schema: z.string(), required: true },
    ],
    replies: [json('The receipt.', receiptView)],
    errors: ['not_found'],
  },
  {
    method: 'GET',
    path: '/v1/usage',
    id: 'showUsage',
    tag: 'Money',
    summary: 'Sums by day, model and key',
    scope: 'read',
    parameters: [
      query('from', 'First day, UTC. Default: 29 days before the last.', day),
      query('to', 'Last day, UTC. Default: today.', day),
      query('group_by', 'day, model, key, or several with commas.', z.string()),
      query('model', 'Of one model.', z.string()),
      query('key', 'Of one key.', z.string()),
      query('format', 'json (default) or csv. `Accept: text/csv` does the same.', z.enum(['json', 'csv'])),
    ],
    replies: [json('The sums.', usageReport), { mediaType: 'text/csv', description: 'The same as a table.' }],
    errors: ['invalid_request'],
  },
  {
    method: 'GET',
    path: '/v1/earnings',
    id: 'showEarnings',
    tag: 'Money',
    summary: "What the account's nodes earned, by day, node and model",
    scope: 'read',
    parameters: [
      ...earningsParameters,
      query('format', 'json (default) or csv. `Accept: text/csv` does the same.', z.enum(['json', 'csv'])),
    ],
    replies: [
      json('The sums.', earningsReport),
      { mediaType: 'text/csv', description: 'The same as a table.' },
    ],
    errors: ['invalid_request'],
  },
  {
    method: 'GET',
    path: '/v1/earnings.csv',
    id: 'showEarningsTable',
    tag: 'Money',
    summary: 'The same as a table',
    scope: 'read',
    parameters: earningsParameters,
    replies: [{ mediaType: 'text/csv', description: 'The sums.' }],
    errors: ['invalid_request'],
  },
  {
    method: 'GET',
    path: '/.well-known/switchyard-receipts',
    id: 'listReceiptKeys',
    tag: 'Money',
    summary: 'The public keys that receipts are signed with',
    replies: [json('The keys.', receiptKeys)],
  },
  {
    method: 'GET',
    path: '/healthz',
    id: 'health',
    tag: 'Operation',
    summary: 'Whether the process lives',
    replies: [json('It does.', z.looseObject({ status: z.literal('ok') }))],
  },
  {
    method: 'GET',
    path: '/readyz',
    id: 'readiness',
    tag: 'Operation',
    summary: 'Whether it takes requests and can record charges',
    description: '503 while it does not.',
    replies: [
      json('It does.', z.looseObject({ status: z.string(), accepting: z.boolean(), ledger: z.string() })),
    ],
  },
  {
    method: 'GET',
    path: '/metrics',
    id: 'metrics',
    tag: 'Operation',
    summary: 'Metrics in the form of Prometheus',
    description: 'With the token of the configuration, or from this machine only.',
    replies: [{ mediaType: 'text/plain', description: 'The metrics.' }],
    errors: ['not_found'],
  },
];
