import type { ToolChoice, ToolDefinition } from '@switchyard/protocol/chat.ts';
import { isJsonObject } from '../../core/json-body.ts';
import type { FieldSource } from '../../core/json-fields.ts';
import { isAbsent, readArray, readBoolean, refuse, requireName } from '../../core/json-fields.ts';
import { LIMITS } from '../../core/limits.ts';
import type { Reading } from './reading.ts';
import { countNative, noteNative } from './reading.ts';

export type DecodedTools = { tools: ToolDefinition[]; toolChoice: ToolChoice; parallelToolCalls: boolean };

/** Tools that the provider defines and the client runs: a model is at a loss without them, and only its own knows them. */
const CLIENT_TOOL = /^(?:bash|browser|computer|memory|text_editor)_/;
/** Searches among deferred tools at the provider. */
const SEARCH_TOOL = /^tool_search_tool_/;

/** What `tools` lists. `native` are names of tools that are not the client's own. */
type Listed = {
  offered: Map<string, ToolDefinition>;
  deferred: Map<string, ToolDefinition>;
  native: Set<unknown>;
  hasSearch: boolean;
};

/**
 * Reads `tools` and `tool_choice`, after the messages, which may change the list. The client's own tools become
 * function tools. Tools that run at the provider (`web_search_...`, `code_execution_...`, MCP) are left out, unless
 * `tool_choice` forces one.
 *
 * A tool with `defer_loading` is not offered until something in the conversation loads it, by a `tool_reference` or a
 * `tool_addition`. Where the request leaves the search to the provider, nothing here can search: all are offered then.
 */
export function decodeTools(body: FieldSource, reading: Reading): DecodedTools {
  const listed = listTools(body, reading);
  const { offered, deferred } = listed;
  if (listed.hasSearch) for (const [name, tool] of deferred) offered.set(name, tool);
  applyChanges(listed, reading);
  const toolChoice = decodeToolChoice(body, listed, reading);
  for (const [name, tool] of deferred) if (!offered.has(name)) countNative(reading, tool);
  if (offered.size > LIMITS.toolsMax) {
    refuse(body.refusals, 'tools', `must offer at most ${LIMITS.toolsMax} tools at once.`);
  }
  return {
    tools: [...offered.values()],
    toolChoice: offered.size === 0 ? 'auto' : toolChoice,
    parallelToolCalls: !isParallelDisabled(body),
  };
}

function listTools(body: FieldSource, reading: Reading): Listed {
  const listed: Listed = { offered: new Map(), deferred: new Map(), native: new Set(), hasSearch: false };
  for (const [index, entry] of (readArray(body, 'tools', LIMITS.toolsListedMax) ?? []).entries()) {
    const path = `tools[${index}]`;
    if (isJsonObject(entry)) listTool({ object: entry, path, refusals: body.refusals }, listed, reading);
    else refuse(body.refusals, path, 'must be an object.');
  }
  return listed;
}

function listTool(source: FieldSource, listed: Listed, reading: Reading): void {
  const { type, name, defer_loading: deferLoading } = source.object;
  if (!isAbsent(type) && typeof type !== 'string') {
    refuse(source.refusals, `${source.path}.type`, 'must be a string.');
  } else if (isAbsent(type) || type === 'custom') {
    const tool = decodeTool(source, reading);
    if (tool !== undefined) (deferLoading === true ? listed.deferred : listed.offered).set(tool.name, tool);
  } else {
    listed.native.add(name);
    listed.hasSearch ||= SEARCH_TOOL.test(type);
    reading.native.isBounded = false;
    if (CLIENT_TOOL.test(type)) noteNative(reading, `${source.path}.type`, 'A tool of this type');
  }
}

function decodeTool(source: FieldSource, reading: Reading): ToolDefinition | undefined {
  const { refusals, path } = source;
  const name = requireName(source, 'name', LIMITS.nameMaxChars);
  const strict = readBoolean(source, 'strict');
  const { description, input_schema: schema, input_examples: examples } = source.object;
  if (!isAbsent(description) && typeof description !== 'string') {
    return refuse(refusals, `${path}.description`, 'must be a string.');
  }
  if (!isAbsent(schema) && !isJsonObject(schema)) {
    return refuse(refusals, `${path}.input_schema`, 'must be an object.');
  }
  if (!isAbsent(examples)) countNative(reading, examples);
  if (name === undefined) return undefined;
  return {
    name,
    ...(typeof description === 'string' ? { description } : {}),
    ...(isJsonObject(schema) ? { parameters: schema } : {}),
    ...(strict === undefined ? {} : { strict }),
  };
}

/**
 * Reads `tool_addition` and `tool_removal`, by which a system message changes the tools in the middle of a
 * conversation. Source: betas `mid-conversation-tool-changes-2026-07-01` and `inline-tools-2026-09-15`,
 * @anthropic-ai/sdk 1.11.0.
 */
export function decodeToolChange(block: FieldSource, reading: Reading): void {
  const path = `${block.path}.tool`;
  const { tool } = block.object;
  if (!isJsonObject(tool)) {
    refuse(block.refusals, path, 'must be an object.');
    return;
  }
  const source: FieldSource = { object: tool, path, refusals: block.refusals };
  const isRemoval = block.object['type'] === 'tool_removal';
  if (tool['type'] === 'tool_reference') {
    const name = requireName(source, 'name', LIMITS.nameMaxChars);
    if (name !== undefined) reading.toolChanges.push({ type: isRemoval ? 'remove' : 'load', name });
  } else if (tool['type'] === 'tool_definition' && !isRemoval) {
    const { definition } = tool;
    const inner = `${path}.definition`;
    if (isJsonObject(definition)) addDefined({ ...source, object: definition, path: inner }, reading);
    else refuse(block.refusals, inner, 'must be an object.');
  } else if (!isRemoval) {
    // What belongs to an MCP server was never offered here, so only its addition matters.
    noteNative(reading, `${path}.type`, 'A change of tools of this type');
  }
}

/**
 * A tool that is defined where it is added, in the form of an entry of `tools`. One that runs at the provider is refused:
 * whether it may be offered at all is looked up in `tools`.
 */
function addDefined(source: FieldSource, reading: Reading): void {
  const { type } = source.object;
  if (isAbsent(type) || type === 'custom') {
    const tool = decodeTool(source, reading);
    if (tool !== undefined) reading.toolChanges.push({ type: 'add', tool });
  } else if (typeof type === 'string' && CLIENT_TOOL.test(type)) {
    noteNative(reading, `${source.path}.type`, 'A tool of this type');
  } else {
    const rule = 'must be "custom": tools that run at the provider are taken in tools only.';
    refuse(source.refusals, `${source.path}.type`, rule, 'unsupported_parameter');
  }
}

/** The tools at the end of the conversation are the ones that the model may call. */
function applyChanges({ offered, deferred }: Listed, { toolChanges }: Reading): void {
  const known = new Map([...offered, ...deferred]);
  for (const change of toolChanges) {
    switch (change.type) {
      case 'load': {
        const tool = known.get(change.name);
        if (tool !== undefined) offered.set(change.name, tool);
        break;
      }
      case 'add':
        known.set(change.tool.name, change.tool);
        offered.set(change.tool.name, change.tool);
        break;
      case 'remove':
        offered.delete(change.name);
    }
  }
}

function decodeToolChoice(body: FieldSource, listed: Listed, reading: Reading): ToolChoice {
  const value = body.object['tool_choice'];
  if (isAbsent(value)) return 'auto';
  const { offered, native } = listed;
  switch (isJsonObject(value) ? value['type'] : undefined) {
    case 'auto':
      return 'auto';
    case 'none':
      return 'none';
    case 'any':
      if (offered.size === 0 && native.size > 0) noteNative(reading, 'tool_choice', 'This choice of tools');
      return 'required';
    case 'tool':
      return decodeForced(body, listed, reading);
    default:
      refuse(body.refusals, 'tool_choice.type', 'must be auto, any, tool or none.');
      return 'auto';
  }
}

function decodeForced(body: FieldSource, listed: Listed, reading: Reading): ToolChoice {
  const value = body.object['tool_choice'];
  const name = isJsonObject(value) ? value['name'] : undefined;
  const deferred = typeof name === 'string' ? listed.deferred.get(name) : undefined;
  if (deferred !== undefined) listed.offered.set(deferred.name, deferred);
  if (typeof name === 'string' && listed.offered.has(name)) return { name };
  if (listed.native.has(name)) noteNative(reading, 'tool_choice.name', 'This choice of a tool');
  else refuse(body.refusals, 'tool_choice.name', 'must name one of the tools.');
  return 'auto';
}

function isParallelDisabled(body: FieldSource): boolean {
  const choice = body.object['tool_choice'];
  if (!isJsonObject(choice)) return false;
  const source: FieldSource = { object: choice, path: 'tool_choice', refusals: body.refusals };
  return readBoolean(source, 'disable_parallel_tool_use') ?? false;
}
