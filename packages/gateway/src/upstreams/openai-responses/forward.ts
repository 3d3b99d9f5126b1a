import type { AttemptRequest } from '../../core/attempt.ts';
import { readReasoningEffort } from '../../core/chat-completions/reasoning-effort.ts';
import { isJsonObject, tryParseJson } from '../../core/json-body.ts';
import type { MemberEdit, MemberSpan } from '../../core/json-spans.ts';
import { editMembers, findMember, topLevelMembers } from '../../core/json-spans.ts';
import { editInput } from './forward-input.ts';
import { withoutHostedTools } from './hosted-tools.ts';

/**
 * The members of a client's body that go on. Everything else stays here: fields that name who asks (`user`,
 * `safety_identifier`, `metadata`, `client_metadata`), that need or make something kept at the provider
 * (`previous_response_id`, `conversation`, `background`, `prompt`, `prompt_cache_retention`), that spend the operator's
 * money or rights (`service_tier`, `prompt_cache_options` with its `prewarm`, `access_programs`), and whatever nobody
 * here knows. `prompt_cache_key` goes on: it names a conversation, nobody, and makes input cheaper.
 * Source: openai 7.55.0, `ResponseCreateParams`, read 2026-11-20.
 */
const FORWARDED = [
  'model',
  'input',
  'instructions',
  'stream',
  'stream_options',
  'temperature',
  'top_p',
  'top_logprobs',
  'max_output_tokens',
  'max_tool_calls',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'reasoning',
  'text',
  'include',
  'truncation',
  'context_management',
  'moderation',
  'image',
  'prompt_cache_key',
];
const FORWARDED_FREE: ReadonlySet<string> = new Set(FORWARDED);
const FORWARDED_PAID: ReadonlySet<string> = new Set([...FORWARDED, 'service_tier']);

/** The API refuses a smaller cap. */
const MIN_OUTPUT_TOKENS = 16;

export type ForwardOptions = {
  /** Whether clients may use what the provider bills beside tokens or at a higher rate. */
  allowPaidExtras: boolean;
  dropSealedReasoning: boolean;
};

/**
 * The body for an upstream of the client's own dialect: the client's bytes with the model's name, the output cap,
 * `store` and the members above exchanged or taken out, and every other byte as it was. Undefined when the bytes are no
 * JSON object.
 */
export function forwardBody(request: AttemptRequest, options: ForwardOptions): Buffer | undefined {
  const { body } = request.original;
  const members = topLevelMembers(body);
  if (members === undefined) return undefined;
  const edits: MemberEdit[] = [
    { key: 'model', value: JSON.stringify(request.remoteModel) },
    { key: 'stream', value: String(request.stream) },
    { key: 'store', value: 'false' },
    { key: 'max_output_tokens', value: outputCap(request.chat.maxOutputTokens) },
    ...reasoningEdits(request, members),
    ...(options.allowPaidExtras ? [] : toolEdits(body, members)),
  ];
  if (!request.stream) edits.push({ key: 'stream_options', value: undefined });
  const input = findMember(members, 'input');
  const edited = input === undefined ? undefined : editInput(body, input.valueStart, options);
  if (edited?.isChanged === true) edits.push({ key: 'input', value: edited.text });
  return editMembers(body, members, {
    edits,
    keep: options.allowPaidExtras ? FORWARDED_PAID : FORWARDED_FREE,
  });
}

export function outputCap(maxOutputTokens: number | undefined): string | undefined {
  return maxOutputTokens === undefined ? undefined : String(Math.max(MIN_OUTPUT_TOKENS, maxOutputTokens));
}

/** As for chat completions: the client's own word stays unless a setting of the model overrode it or it does not think. */
function reasoningEdits({ chat, original }: AttemptRequest, members: readonly MemberSpan[]): MemberEdit[] {
  const effort = chat.reasoningEffort;
  const given = parseMember(original.body, members, 'reasoning');
  const fields = isJsonObject(given) ? given : {};
  const word = fields['effort'] ?? undefined;
  if (effort === undefined ? word === undefined : readReasoningEffort(word) === effort) return [];
  const { effort: _given, ...rest } = fields;
  const value = effort === undefined ? rest : { ...rest, effort };
  return [{ key: 'reasoning', value: Object.keys(value).length === 0 ? undefined : JSON.stringify(value) }];
}

/** A choice of a tool that is no longer there would be refused. */
function toolEdits(body: Buffer, members: readonly MemberSpan[]): MemberEdit[] {
  const tools = findMember(members, 'tools');
  const edited = tools === undefined ? undefined : withoutHostedTools(body, tools.valueStart);
  if (edited === undefined || !edited.isChanged) return [];
  const edits: MemberEdit[] = [{ key: 'tools', value: edited.text }];
  const choice = parseMember(body, members, 'tool_choice');
  const isNamed =
    isJsonObject(choice) && (typeof choice['name'] === 'string' || choice['type'] === 'allowed_tools');
  if (edited.count === 0 || (isJsonObject(choice) && !isNamed))
    edits.push({ key: 'tool_choice', value: undefined });
  return edits;
}

function parseMember(body: Buffer, members: readonly MemberSpan[], key: string): unknown {
  const span = findMember(members, key);
  return span === undefined ? undefined : tryParseJson(body.toString('utf8', span.valueStart, span.valueEnd));
}
