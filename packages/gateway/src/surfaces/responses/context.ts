import type { JsonObject } from '../../core/json-body.ts';
import type { Refusals } from '../../core/json-fields.ts';
import { refuse } from '../../core/json-fields.ts';
import type { NativeInput } from '../../core/surface.ts';
import type { ToolNames } from './tool-names.ts';
import { createToolNames } from './tool-names.ts';

/** What the decoders of one request share. */
export type DecodeContext = {
  refusals: Refusals;
  native: BeyondChat;
  names: ToolNames;
  imageCount: { value: number };
};

/** What the canonical request cannot say. `first` refuses the request where no target speaks this dialect. */
export type BeyondChat = Refusals & NativeInput;

export function newContext(refusals: Refusals): DecodeContext {
  return {
    refusals,
    native: { first: undefined, bytes: 0, isBounded: true },
    names: createToolNames(),
    imageCount: { value: 0 },
  };
}

/** Notes something that only a target of this dialect can honour, and may open to any number of tokens. */
export function needsNative({ native }: DecodeContext, param: string): undefined {
  native.isBounded = false;
  const rule = 'can only be served by a provider that speaks this dialect itself, and this model has none.';
  return refuse(native, param, rule, 'unsupported_parameter');
}

/** Counts what a target of this dialect reads in the client's own bytes and others do not get. */
export function countNative({ native }: DecodeContext, value: unknown): void {
  if (value !== undefined) native.bytes += Buffer.byteLength(JSON.stringify(value));
}

/**
 * Tools of the client's own that other dialects have no word for. All others run at a provider, which may read any
 * number of tokens for them.
 * Source: openai 7.55.0, `Tool`, read 2026-11-21.
 */
const CLIENT_TOOLS: ReadonlySet<unknown> = new Set([
  'tool_search',
  'computer',
  'computer_use_preview',
  'local_shell',
  'apply_patch',
]);

/** Notes a tool that is left out for targets of other dialects. */
export function countLeftOutTool(context: DecodeContext, tool: JsonObject): void {
  if (CLIENT_TOOLS.has(tool['type'])) countNative(context, tool);
  else context.native.isBounded = false;
}
