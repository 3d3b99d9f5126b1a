import type { z } from 'zod';
import type { ErrorCode } from '../core/errors.ts';

/** One route as its callers see it: what the OpenAPI document and the reference page are made of. */
export type Operation = {
  method: 'GET' | 'POST';
  /** As in the route table: `:id` and `*` are parameters. */
  path: string;
  id: string;
  tag: 'Text' | 'Images' | 'Models' | 'Money' | 'Operation';
  summary: string;
  /** More, as plain sentences. */
  description?: string;
  /** The scope that the key needs. Absent: no key. */
  scope?: 'inference' | 'read';
  parameters?: readonly Parameter[];
  body?: { schema: z.ZodType; example: object };
  replies: readonly Reply[];
  /** Codes beyond those that any route with a key can give. */
  errors?: readonly ErrorCode[];
  errorShape?: 'openai' | 'anthropic';
};

export type Parameter = {
  name: string;
  in: 'path' | 'query' | 'header';
  description: string;
  schema: z.ZodType;
  required?: boolean;
};

/** All are 200. */
export type Reply = { mediaType: string; description: string; schema?: z.ZodType };
