import { z } from 'zod';
import { configSchema } from './schema.ts';

/** The JSON Schema of `switchyard.yaml`, for editors. Bounds and forms are in it; what `rules.ts` checks is not. */
export function configJsonSchema(): Record<string, unknown> {
  return { ...z.toJSONSchema(configSchema, { io: 'input', target: 'draft-07' }), title: 'switchyard.yaml' };
}

/** The text of profiles/switchyard.schema.json, which a test keeps equal to the schema. */
export function configJsonSchemaText(): string {
  return `${JSON.stringify(configJsonSchema(), undefined, 2)}\n`;
}
