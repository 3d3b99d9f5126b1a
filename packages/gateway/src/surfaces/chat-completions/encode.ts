import type { StreamPart } from '@switchyard/protocol/parts.ts';
import { editTopLevel } from '../../core/json-spans.ts';
import { openAiFaultBody } from '../../core/fault-body.ts';
import type { ReplyEncoder, ReplyOptions, ReplyOutcome } from '../../core/surface.ts';
import { finishReasonName } from './finish-reason.ts';
import { completionId } from './reply-id.ts';
import { usageJson } from './usage.ts';

/**
 * Collects one answer and gives the `chat.completion` object at its end. When the target speaks this dialect its body
 * is kept instead, and only `model` and `usage` are exchanged inside its bytes.
 */
export function openCompletion(options: ReplyOptions): ReplyEncoder {
  const collected = newAnswer();
  let relayed: Buffer | undefined;
  let done = false;
  return {
    contentType: 'application/json',
    parts(parts, relay) {
      if (done) return '';
      relayed ??= relay;
      if (relayed === undefined) for (const part of parts) collect(collected, part);
      return '';
    },
    end(outcome) {
      if (done) return '';
      done = true;
      const spliced = relayed === undefined ? undefined : splice(relayed, options, outcome);
      return spliced ?? completionJson(collected, options, outcome);
    },
    fault(value) {
      if (done) return '';
      done = true;
      return openAiFaultBody(value);
    },
    keepalive: () => '',
  };
}

type Answer = {
  text: string;
  reasoning: string;
  refusal: string;
  toolCalls: { id: string; type: 'function'; function: { name: string; arguments: string } }[];
};

function newAnswer(): Answer {
  return { text: '', reasoning: '', refusal: '', toolCalls: [] };
}

function collect(answer: Answer, part: StreamPart): void {
  switch (part.type) {
    case 'text-delta':
      answer.text += part.text;
      return;
    case 'reasoning-delta':
      answer.reasoning += part.text;
      return;
    case 'refusal-delta':
      answer.refusal += part.text;
      return;
    case 'tool-call-start':
      answer.toolCalls[part.index] = {
        id: part.id,
        type: 'function',
        function: { name: part.name, arguments: '' },
      };
      return;
    case 'tool-call-delta': {
      const call = answer.toolCalls[part.index];
      if (call !== undefined) call.function.arguments += part.argumentsText;
      return;
    }
    // A seal has no place in this dialect.
    case 'reasoning-seal':
    case 'finish':
  }
}

function splice(body: Buffer, options: ReplyOptions, outcome: ReplyOutcome): Buffer | undefined {
  return editTopLevel(body, [
    { key: 'model', value: JSON.stringify(options.model) },
    { key: 'usage', value: usageJson(outcome, options.requestId) },
  ]);
}

/** `content` is null, not empty, where an answer is made of calls or a refusal only, as the original writes it. */
function completionJson(answer: Answer, options: ReplyOptions, outcome: ReplyOutcome): string {
  // An index that was never opened leaves a hole, which would be written as null.
  const toolCalls = answer.toolCalls.filter((call) => call !== undefined);
  const hasCalls = toolCalls.length > 0;
  const message = {
    role: 'assistant',
    content: answer.text === '' && (hasCalls || answer.refusal !== '') ? null : answer.text,
    ...(answer.reasoning === '' ? {} : { reasoning_content: answer.reasoning }),
    refusal: answer.refusal === '' ? null : answer.refusal,
    ...(hasCalls ? { tool_calls: toolCalls } : {}),
  };
  return (
    `{"id":${JSON.stringify(completionId(options))},"object":"chat.completion",` +
    `"created":${Math.floor(options.createdAtMs / 1000)},"model":${JSON.stringify(options.model)},` +
    `"choices":[{"index":0,"message":${JSON.stringify(message)},"logprobs":null,` +
    `"finish_reason":"${finishReasonName(outcome.finish, hasCalls)}"}],` +
    `"usage":${usageJson(outcome, options.requestId)}}`
  );
}
