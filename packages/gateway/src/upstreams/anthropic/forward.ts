import type { ReasoningEffort } from '@switchyard/protocol/chat.ts';
import type { AttemptRequest } from '../../core/attempt.ts';
import { isJsonObject, tryParseJson } from '../../core/json-body.ts';
import type { MemberEdit, MemberSpan } from '../../core/json-spans.ts';
import { editMembers, findMember, topLevelMembers } from '../../core/json-spans.ts';
import type { Result } from '../../core/result.ts';
import { failed, ok } from '../../core/result.ts';
import type { UpstreamFault } from '../transport/fault-causes.ts';
import { isAlias, settledThinking, systemTurnEdits, thinkingEdits } from './adapt-alias.ts';
import { modelTraits } from './model-traits.ts';
import type { ThinkingFields } from './thinking.ts';
import { BUDGET_MIN_TOKENS, thinkingFields } from './thinking.ts';

/** Fields of ours, which the API does not know. */
const OURS = ['dry_run'];

/** Fields that raise the provider's price or choose another model: the operator's prices know nothing of them. */
const PAID_EXTRA = ['speed', 'inference_geo', 'fallbacks'];

/**
 * Tools with a type of their own that cost nothing but tokens: those that the client runs, and those of the provider
 * without a price. All others (web search, code execution, an advisor) are billed by use.
 * Source: pricing page of the API's documentation, read 2026-11-21.
 */
const FREE_TOOLS =
  /^(?:custom|mcp_toolset|(?:bash|text_editor|memory|computer|computer_toolset|browser_toolset|tool_search_tool_bm25|tool_search_tool_regex|web_fetch)_\d{8})$/;

export type ForwardOptions = { allowPaidExtras: boolean };

/**
 * The body for a client of this dialect: the client's bytes with the model's name and the output cap exchanged, without
 * our own fields and, unless the operator allows them, without what costs more than tokens. For a model that the client
 * knows under another name, what it cannot have known is mended. Every other byte, and every field that nobody here
 * knows, stays as it was: fields and betas come in pairs, and new ones with each release.
 *
 * Undefined when the bytes are no JSON object. Errors: `unsupported_parameter` for a tool that is billed by use.
 */
export function forwardBody(
  request: AttemptRequest,
  { allowPaidExtras }: ForwardOptions,
): Result<Buffer | undefined, UpstreamFault> {
  const { body } = request.original;
  const members = topLevelMembers(body);
  if (members === undefined) return ok(undefined);
  const read = (key: string) => memberValue(body, members, key);
  const view = { body, members, read };
  if (!allowPaidExtras && hasPaidTool(read('tools'))) return failed(PAID_TOOL);

  const cap = request.chat.maxOutputTokens;
  const edits: MemberEdit[] = [
    { key: 'model', value: JSON.stringify(request.remoteModel) },
    ...(cap === undefined ? [] : [{ key: 'max_tokens', value: String(cap) }]),
    ...[...OURS, ...(allowPaidExtras ? [] : PAID_EXTRA)].map((key) => ({ key, value: undefined })),
    ...(request.setEffort === undefined
      ? budgetEdits(read('thinking'), cap)
      : settledThinking(setFields(request, request.setEffort), read('output_config'))),
    // Of two edits of one member the last counts.
    ...(isAlias(request) && request.setEffort === undefined ? thinkingEdits(request, view) : []),
    ...(isAlias(request) ? systemTurnEdits(request, view) : []),
  ];
  return ok(editMembers(body, members, { edits, keep: undefined }));
}

const PAID_TOOL: UpstreamFault = {
  code: 'unsupported_parameter',
  blame: 'target',
  cause: 'refused',
  message: 'tools: tools that run at the provider and are billed by use are not offered here.',
};

function memberValue(body: Buffer, members: readonly MemberSpan[], key: string): unknown {
  const span = findMember(members, key);
  return span === undefined ? undefined : tryParseJson(body.toString('utf8', span.valueStart, span.valueEnd));
}

function hasPaidTool(tools: unknown): boolean {
  if (!Array.isArray(tools)) return false;
  return tools.some((tool) => {
    const type = isJsonObject(tool) ? tool['type'] : undefined;
    return type !== undefined && type !== null && !(typeof type === 'string' && FREE_TOOLS.test(type));
  });
}

/** A budget must be below the cap, which may be lower than what the client asked for. */
function budgetEdits(thinking: unknown, cap: number | undefined): MemberEdit[] {
  if (!isJsonObject(thinking) || cap === undefined) return [];
  const budget = thinking['budget_tokens'];
  if (typeof budget !== 'number' || budget < cap) return [];
  const smaller = Math.max(BUDGET_MIN_TOKENS, Math.floor(cap / 2));
  const value = smaller < cap ? JSON.stringify({ ...thinking, budget_tokens: smaller }) : undefined;
  return [{ key: 'thinking', value }];
}

/** A setting of the model wins over what the client says. */
function setFields({ chat, remoteModel }: AttemptRequest, effort: ReasoningEffort): ThinkingFields {
  const maxTokens = chat.maxOutputTokens ?? 0;
  return thinkingFields({ effort, maxTokens, mayThink: true }, modelTraits(remoteModel));
}
