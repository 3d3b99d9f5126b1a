import { z } from 'zod';
import { configSchema } from './schema.ts';
import type { Path } from './paths.ts';

/**
 * A schema without the wrappers that only say what happens when the value is absent. The JSON Schema and the parser
 * see wrappers; whoever asks "which keys are there" does not.
 */
export function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  let inner = schema;
  while (
    inner instanceof z.ZodOptional ||
    inner instanceof z.ZodDefault ||
    inner instanceof z.ZodPrefault ||
    inner instanceof z.ZodReadonly
  ) {
    inner = inner.unwrap();
  }
  return inner;
}

/** Of a union the option that is an object, where there is one. Its lists of the same object have the same keys. */
export function objectOption(schema: z.core.$ZodType): z.core.$ZodType {
  const inner = unwrap(schema);
  if (!(inner instanceof z.ZodUnion)) return inner;
  return inner.options.map(unwrap).find((option) => option instanceof z.ZodObject) ?? inner;
}

function listOption(schema: z.core.$ZodType): z.core.$ZodType {
  const inner = unwrap(schema);
  if (!(inner instanceof z.ZodUnion)) return inner;
  return inner.options.map(unwrap).find((option) => option instanceof z.ZodArray) ?? inner;
}

/** The keys that the object at the path may have. Empty when there is no such object, or its keys are free. */
export function knownKeys(path: Path): string[] {
  let schema: z.core.$ZodType = configSchema;
  for (const step of path) {
    const here = typeof step === 'number' ? listOption(schema) : objectOption(schema);
    let next: z.core.$ZodType | undefined;
    if (here instanceof z.ZodObject) next = Object.hasOwn(here.shape, step) ? here.shape[step] : undefined;
    else if (here instanceof z.ZodArray) next = here.element;
    else if (here instanceof z.ZodRecord) next = here.valueType;
    if (next === undefined) return [];
    schema = next;
  }
  const found = objectOption(schema);
  return found instanceof z.ZodObject ? Object.keys(found.shape) : [];
}
