import type { ToolDefinition } from '@switchyard/protocol/chat.ts';
import type { JsonObject } from '../../core/json-body.ts';
import { isJsonObject } from '../../core/json-body.ts';
import type { FieldSource } from '../../core/json-fields.ts';
import { fieldPath, isAbsent, readArray, readBoolean, refuse, requireName } from '../../core/json-fields.ts';
import { LIMITS } from '../../core/limits.ts';
import type { DecodeContext } from './context.ts';
import { countLeftOutTool, countNative } from './context.ts';
import type { ToolIdentity } from './tool-names.ts';

export type OfferedTools = {
  /** By the name that engines know, in the order of the request. */
  definitions: ReadonlyMap<string, ToolDefinition>;
  /** Types of tools that run at a provider, which are left out. */
  hosted: ReadonlySet<string>;
};

type Collected = {
  definitions: Map<string, ToolDefinition>;
  hosted: Set<string>;
  context: DecodeContext;
};

/**
 * Reads `tools`, and the lists in items of type `additional_tools` with which Codex sends tools for its newest models.
 * Functions go as they are. A namespace becomes flat: each of its tools is offered under a name of its own. A custom
 * tool is offered as a function with one string. All other types run at a provider (web search, files, code) or stand
 * for a client's own search over tools: they are left out, because refusing them would shut out clients that always
 * send them. A tool that is named again is replaced by its newer definition.
 */
export function decodeTools(
  body: FieldSource,
  items: readonly unknown[],
  context: DecodeContext,
): OfferedTools {
  const { refusals } = body;
  const collected: Collected = { definitions: new Map(), hosted: new Set(), context };
  collectTools(body, collected);
  for (const [index, item] of items.entries()) {
    if (!isJsonObject(item) || item['type'] !== 'additional_tools') continue;
    collectTools({ object: item, path: `input[${index}]`, refusals }, collected);
  }
  if (collected.definitions.size > LIMITS.toolsMax) {
    refuse(refusals, 'tools', `must hold at most ${LIMITS.toolsMax} tools.`);
  }
  return collected;
}

/** Reads the member `tools` of the body, of an item or of a namespace. */
function collectTools(source: FieldSource, collected: Collected, namespace?: JsonObject): void {
  const entries = readArray(source, 'tools', LIMITS.toolsMax) ?? [];
  for (const [index, entry] of entries.entries()) {
    const path = `${fieldPath(source, 'tools')}[${index}]`;
    if (!isJsonObject(entry)) {
      refuse(source.refusals, path, 'must be an object.');
      return;
    }
    const tool: FieldSource = { object: entry, path, refusals: source.refusals };
    const type = entry['type'] ?? 'function';
    if (type === 'function') collectFunction(tool, collected, namespace);
    else if (type === 'custom') collectCustom(tool, collected, namespace);
    else if (type === 'namespace' && namespace === undefined) collectNamespace(tool, collected);
    else if (typeof type === 'string') leaveOut(entry, type, collected);
    else refuse(source.refusals, `${path}.type`, 'must be a string.');
  }
}

function leaveOut(tool: JsonObject, type: string, { hosted, context }: Collected): void {
  hosted.add(type);
  countLeftOutTool(context, tool);
}

function collectNamespace(tool: FieldSource, collected: Collected): void {
  const name = requireName(tool, 'name', LIMITS.nameMaxChars);
  if (name === undefined) return;
  const before = collected.definitions.size;
  collectTools(tool, collected, tool.object);
  // What is said of all of them together is said with the first, or it would be lost.
  const first = [...collected.definitions.values()][before];
  const about = tool.object['description'];
  if (first !== undefined && typeof about === 'string' && about !== '') {
    first.description = first.description === undefined ? about : `${about}\n\n${first.description}`;
  }
}

function collectFunction(tool: FieldSource, collected: Collected, namespace?: JsonObject): void {
  const { parameters } = tool.object;
  const strict = readBoolean(tool, 'strict');
  if (!isAbsent(parameters) && !isJsonObject(parameters)) {
    refuse(tool.refusals, fieldPath(tool, 'parameters'), 'must be an object.');
    return;
  }
  define(tool, collected, {
    identity: { kind: 'function', ...namespaceOf(namespace) },
    definition: {
      ...descriptionOf(tool),
      ...(isJsonObject(parameters) ? { parameters } : {}),
      ...(strict === undefined ? {} : { strict }),
    },
  });
}

function collectCustom(tool: FieldSource, collected: Collected, namespace?: JsonObject): void {
  define(tool, collected, {
    identity: { kind: 'custom', ...namespaceOf(namespace) },
    definition: {
      ...descriptionOf(tool),
      parameters: {
        type: 'object',
        properties: { input: { type: 'string', description: inputDescription(tool.object['format']) } },
        required: ['input'],
        additionalProperties: false,
      },
    },
  });
}

/** No engine can be held to a grammar, but a model can read it. */
function inputDescription(format: unknown): string {
  const text = 'All of the input of this tool, as plain text.';
  if (!isJsonObject(format) || format['type'] !== 'grammar') return text;
  const { syntax, definition } = format;
  if (typeof syntax !== 'string' || typeof definition !== 'string') return text;
  return `${text} It must follow this grammar (${syntax}):\n${definition}`;
}

type NamelessTool = {
  identity: Omit<ToolIdentity, 'name'>;
  definition: Omit<ToolDefinition, 'name'>;
};

function define(tool: FieldSource, collected: Collected, { identity, definition }: NamelessTool): void {
  const name = requireName(tool, 'name', LIMITS.nameMaxChars);
  if (name === undefined) return;
  const { context, definitions } = collected;
  const offered = context.names.offer({ ...identity, name });
  countNative(context, tool.object['output_schema']);
  countNative(context, definitions.get(offered));
  definitions.set(offered, { name: offered, ...definition });
}

function descriptionOf(tool: FieldSource): { description?: string } {
  const { description } = tool.object;
  if (typeof description === 'string') return { description };
  if (!isAbsent(description)) refuse(tool.refusals, fieldPath(tool, 'description'), 'must be a string.');
  return {};
}

function namespaceOf(namespace: JsonObject | undefined): { namespace?: string } {
  const name = namespace?.['name'];
  return typeof name === 'string' ? { namespace: name } : {};
}
