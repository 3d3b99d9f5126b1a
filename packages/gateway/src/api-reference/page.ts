import { z } from 'zod';
import { ERRORS } from '../core/errors.ts';
import { escapeHtml, htmlDocument } from '../core/html.ts';
import { codeBlock, languageLinks, requestCode, type Language } from './code-examples.ts';
import { errorsByStatus, openApiPath } from './document.ts';
import type { Operation } from './operation.ts';
import { operations } from './operations.ts';

/** The API reference as one page, made of the same operations as the OpenAPI document. */
export function apiReferencePage(options: {
  title: string;
  baseUrl: string;
  /** Of the examples. */
  language: Language;
  /** HTML: the way to the other pages of the handbook. */
  aside: string;
}): string {
  const { title, baseUrl, language, aside } = options;
  return htmlDocument({
    title: `API reference · ${title}`,
    brand: title,
    aside,
    here: '/docs/api',
    main: `<h1>API reference</h1>
<p>Base URL <code>${escapeHtml(baseUrl)}</code>. Send a key as <code>Authorization: Bearer</code> or as <code>x-api-key</code>.
All <code>/v1</code> routes are there under <code>/api/v1</code> too. For programs: <a href="/openapi.json">openapi.json</a>.</p>
<nav aria-label="Routes"><ul>
${operations.map((operation) => `<li><a href="#${operation.id}">${methodAndPath(operation)}</a></li>`).join('\n')}
<li><a href="#errors">Errors</a></li>
</ul></nav>
${operations.map((operation) => section(operation, baseUrl, language)).join('\n')}
<section id="errors"><h2>Errors</h2>
${table(
  ['Code', 'Status', 'Meaning'],
  Object.entries(ERRORS).map(([code, row]) => [
    `<code>${code}</code>`,
    String(row.status),
    escapeHtml(row.publicMessage),
  ]),
)}
</section>`,
  });
}

function section(operation: Operation, baseUrl: string, language: Language): string {
  const { id, summary, description, scope, parameters = [], body, replies } = operation;
  const key = scope === undefined ? 'No key.' : `Needs a key with the scope <code>${scope}</code>.`;
  const text = description === undefined ? '' : `${withCode(description)} `;
  return `<section id="${id}"><h2>${methodAndPath(operation)}</h2>
<p>${withCode(summary)}.</p><p class="soft">${text}${key}</p>
${parameters.length === 0 ? '' : `<h3>Parameters</h3>${parameterTable(operation)}`}
${body === undefined ? '' : `<h3>Body</h3>${fieldTable(body.schema)}`}
<h3>Example</h3>
${languageLinks('/docs/api', id, language)}
${codeBlock(example(operation, baseUrl, language), `Example of ${summary}`)}
<h3>Reply</h3>
${replies
  .map(
    ({ mediaType, description: reply, schema }) =>
      `<p><code>${mediaType}</code>: ${withCode(reply)}</p>${schema === undefined ? '' : fieldTable(schema)}`,
  )
  .join('\n')}
<h3>Errors</h3>
${table(
  ['Status', 'Codes'],
  [...errorsByStatus(operation)].map(([status, codes]) => [
    String(status),
    codes.map((code) => `<code>${code}</code>`).join(', '),
  ]),
)}
</section>`;
}

function methodAndPath(operation: Operation): string {
  return `<span class="method">${operation.method}</span> <code>${escapeHtml(openApiPath(operation))}</code>`;
}

function parameterTable({ parameters = [] }: Operation): string {
  const rows = parameters.map(({ name, in: place, description, required }) => [
    `<code>${escapeHtml(name)}</code>`,
    place + (required === true ? ', needed' : ''),
    withCode(description),
  ]);
  return table(['Name', 'In', 'What'], rows);
}

const objectSchema = z.looseObject({
  properties: z.record(z.string(), z.looseObject({ description: z.string().optional() })).optional(),
  required: z.array(z.string()).optional(),
});

/** A schema with an id comes as a reference to a part of itself. */
const namedSchema = z.object({ $ref: z.string(), $defs: z.record(z.string(), objectSchema) });

function objectOf(schema: z.ZodType): z.infer<typeof objectSchema> {
  const json = z.toJSONSchema(schema, { io: 'input' });
  const named = namedSchema.safeParse(json);
  const { $ref = '', $defs = {} } = named.data ?? {};
  return $defs[$ref.slice('#/$defs/'.length)] ?? objectSchema.parse(json);
}

/** The fields of an object, one level deep: the OpenAPI document has the rest. */
function fieldTable(schema: z.ZodType): string {
  const { properties = {}, required = [] } = objectOf(schema);
  const rows = Object.entries(properties).map(([name, field]) => [
    `<code>${escapeHtml(name)}</code>`,
    escapeHtml(typeText(field)) + (required.includes(name) ? ', needed' : ''),
    withCode(field.description ?? ''),
  ]);
  return table(['Field', 'Type', 'What'], rows);
}

/** A word or two for a schema: `text`, `whole number`, `list`, `text or list`. */
function typeText(schema: Record<string, unknown>): string {
  const { type, anyOf, enum: values, const: only } = schema;
  if (only !== undefined) return JSON.stringify(only);
  if (Array.isArray(values)) return values.map((value) => JSON.stringify(value)).join(', ');
  if (Array.isArray(anyOf)) {
    const names = anyOf.map((one) => typeText(z.record(z.string(), z.unknown()).parse(one)));
    return [...new Set(names)].join(' or ');
  }
  if (Array.isArray(type)) return type.map((name) => TYPE_NAMES.get(name) ?? String(name)).join(' or ');
  return TYPE_NAMES.get(type) ?? 'object';
}

const TYPE_NAMES: ReadonlyMap<unknown, string> = new Map([
  ['string', 'text'],
  ['integer', 'whole number'],
  ['number', 'number'],
  ['boolean', 'true or false'],
  ['array', 'list'],
  ['object', 'object'],
  ['null', 'null'],
]);

function example(operation: Operation, baseUrl: string, language: Language): string {
  const path = openApiPath(operation).replace('{model}', 'demo').replace('{id}', 'req_...');
  const { method, scope, body } = operation;
  return requestCode(
    { method, url: baseUrl + path, needsKey: scope !== undefined, body: body?.example },
    language,
  );
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const head = heads.map((name) => `<th scope="col">${name}</th>`).join('');
  const body = rows.map((cells) => `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`);
  return `<div class="scroll" tabindex="0"><table><thead><tr>${head}</tr></thead><tbody>
${body.join('\n')}
</tbody></table></div>`;
}

/** Escapes text, and sets what stands in backquotes as code. */
function withCode(text: string): string {
  return escapeHtml(text).replace(/`([^`]*)`/g, '<code>$1</code>');
}
