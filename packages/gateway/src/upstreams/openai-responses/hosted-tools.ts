import { arrayElements } from '../../core/json-array.ts';
import { tryParseJson } from '../../core/json-body.ts';
import { findMember, topLevelMembers } from '../../core/json-spans.ts';

/**
 * Tools that the client runs itself, or that only describe its own ones. All others run at the provider, which bills
 * them apart from tokens or reaches into the operator's account (files, vector stores, containers, connectors), so they
 * are only forwarded where the operator allows them. What a new release brings counts as hosted.
 * Source: openai/openai-openapi, `Tool`, and the pricing page, read 2026-11-20.
 */
const CLIENT_TOOLS: ReadonlySet<unknown> = new Set([
  'function',
  'custom',
  'namespace',
  'tool_search',
  'computer',
  'computer_use_preview',
  'local_shell',
  'apply_patch',
]);

/** Whether a tool of this JSON text runs at the client. One without a type is taken for a function. */
function isClientTool(tool: Buffer): boolean {
  const type = readMember(tool, 'type') ?? 'function';
  return CLIENT_TOOLS.has(type) || (type === 'shell' && isLocalShell(tool));
}

function isLocalShell(tool: Buffer): boolean {
  const environment = readMember(tool, 'environment');
  return (
    typeof environment === 'object' &&
    environment !== null &&
    'type' in environment &&
    environment.type === 'local'
  );
}

/** The parsed value of a member of a JSON object, or undefined. */
export function readMember(object: Buffer, key: string): unknown {
  const member = findMember(topLevelMembers(object) ?? [], key);
  return member === undefined
    ? undefined
    : tryParseJson(object.toString('utf8', member.valueStart, member.valueEnd));
}

/** An array of JSON text after some of its elements were taken out or exchanged. */
export type EditedArray = { isChanged: boolean; text: string; count: number };

/** `edit` gives an element as it shall be: the same Buffer to keep it, undefined to take it out. */
export function editArray(
  body: Buffer,
  start: number,
  edit: (element: Buffer) => Buffer | undefined,
): EditedArray | undefined {
  const spans = arrayElements(body, start);
  if (spans === undefined) return undefined;
  let isChanged = false;
  const kept: Buffer[] = [];
  for (const span of spans) {
    const element = body.subarray(span.start, span.end);
    const edited = edit(element);
    isChanged ||= edited !== element;
    if (edited !== undefined) kept.push(edited);
  }
  const text = isChanged ? `[${kept.map((element) => element.toString()).join(',')}]` : '';
  return { isChanged, text, count: kept.length };
}

/** The list of tools that begins at `start`, without those that run at the provider. Undefined when it is no list. */
export function withoutHostedTools(body: Buffer, start: number): EditedArray | undefined {
  return editArray(body, start, (tool) => (isClientTool(tool) ? tool : undefined));
}
