import { z } from 'zod';
import { configSchema } from './schema.ts';
import { objectOption, unwrap } from './schema-walk.ts';

/** One key of the configuration, for its documentation. `models[].id`, `pools.<name>.description`. */
export type ReferenceRow = {
  path: string;
  /** JSON text; undefined: the key is required, or it has no default of its own. */
  defaultText: string | undefined;
  required: boolean;
  allowed: string;
  description: string;
};

/** Every key of the schema, in its order, objects before what is in them. */
export function configReference(): ReferenceRow[] {
  const rows: ReferenceRow[] = [];
  visit(configSchema, '', rows);
  return rows;
}

function visit(schema: z.core.$ZodType, path: string, rows: ReferenceRow[]): void {
  const inner = objectOption(schema);
  if (inner instanceof z.ZodObject) {
    for (const [key, child] of Object.entries(inner.shape)) {
      const childPath = path === '' ? key : `${path}.${key}`;
      rows.push(toRow(child as z.core.$ZodType, childPath));
      visit(child as z.core.$ZodType, childPath, rows);
    }
  } else if (inner instanceof z.ZodArray) visit(inner.element, `${path}[]`, rows);
  else if (inner instanceof z.ZodRecord) visit(inner.valueType, `${path}.<name>`, rows);
}

function toRow(schema: z.core.$ZodType, path: string): ReferenceRow {
  return {
    path,
    defaultText: schema instanceof z.ZodDefault ? JSON.stringify(schema.def.defaultValue) : undefined,
    required: !z.safeParse(schema, undefined).success,
    allowed: allowedText(schema),
    description: z.globalRegistry.get(schema)?.description ?? '',
  };
}

function allowedText(schema: z.core.$ZodType): string {
  const inner = unwrap(schema);
  if (inner instanceof z.ZodObject) return 'keys below';
  if (inner instanceof z.ZodRecord) return 'names with values';
  if (inner instanceof z.ZodArray) {
    const element = unwrap(inner.element);
    return element instanceof z.ZodObject ? 'a list' : `a list of: ${allowedText(inner.element)}`;
  }
  // The message for a value of an impossible type is the field's own "allowed" text.
  const refused = z.safeParse(inner, Symbol('of no type'));
  return refused.success ? '' : (refused.error.issues[0]?.message ?? '');
}

/** The tables of docs/configuration.md: one for each section of the file. */
export function configReferenceMarkdown(): string {
  let text = '';
  for (const row of configReference()) {
    if (!/[.[]/.test(row.path)) {
      text += `\n### \`${row.path}\`\n\n${row.description}\n\n| Key | Default | Allowed | Meaning |\n| --- | --- | --- | --- |\n`;
      if (row.allowed !== 'a list' && row.allowed !== 'names with values') continue;
    }
    const given =
      row.defaultText === undefined ? (row.required ? 'required' : 'none') : `\`${row.defaultText}\``;
    text += `| \`${row.path}\` | ${given} | ${cell(row.allowed)} | ${cell(row.description)} |\n`;
  }
  return text.trimStart();
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
