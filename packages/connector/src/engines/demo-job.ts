import type { AssistantPart, ChatMessage, ChatRequest, UserPart } from '@switchyard/protocol/chat.ts';
import type { FinishReason, StreamPart } from '@switchyard/protocol/parts.ts';
import type { Usage } from '@switchyard/protocol/usage.ts';
import type {
  DemoEvent,
  DemoFinish,
  DemoJob,
  DemoMessage,
  DemoUsage,
} from '@switchyard/demo-engine/types.ts';
import { newCallId } from './tool-calls.ts';

/** What the demo model's card recommends. */
const DEFAULT_TEMPERATURE = 0.7;
const DEFAULT_TOP_P = 0.95;

/**
 * Writes a canonical request as a job of the demo engine. Pictures and JSON schemas must have been refused
 * before. Several system messages become one at the head; reasoning of earlier turns is left out, as the
 * model was trained; log-probability biases are not known to this engine and are left out as well.
 */
export function encodeDemoJob(chat: ChatRequest): DemoJob {
  const { sampling } = chat;
  const system = chat.messages.flatMap((message) => (message.role === 'system' ? message.content : []));
  const messages: DemoMessage[] = chat.messages.flatMap((message) => encodeMessage(message));
  if (system.length > 0) messages.unshift({ role: 'system', content: joinText(system) });
  const job: DemoJob = {
    messages,
    tools: chat.tools.map(({ name, description, parameters }) => ({
      name,
      ...(description === undefined ? {} : { description }),
      ...(parameters === undefined ? {} : { parameters }),
    })),
    // Without tools a choice means nothing, as with other engines.
    toolChoice: chat.tools.length === 0 ? 'auto' : chat.toolChoice,
    thinking: chat.reasoningEffort !== undefined && chat.reasoningEffort !== 'none',
    temperature: sampling.temperature ?? DEFAULT_TEMPERATURE,
    topP: sampling.topP ?? DEFAULT_TOP_P,
    topK: sampling.topK ?? 0,
    minP: sampling.minP ?? 0,
    frequencyPenalty: sampling.frequencyPenalty ?? 0,
    presencePenalty: sampling.presencePenalty ?? 0,
    stop: chat.stop.filter((text) => text !== ''),
  };
  if (sampling.seed !== undefined) job.seed = sampling.seed;
  if (chat.continuesLast === true) job.continuesLast = true;
  if (chat.maxOutputTokens !== undefined) job.maxOutputTokens = chat.maxOutputTokens;
  return job;
}

function encodeMessage(message: ChatMessage): DemoMessage[] {
  switch (message.role) {
    case 'system':
      return [];
    case 'user':
    case 'tool':
      return [{ role: message.role, content: joinText(message.content) }];
    case 'assistant': {
      const calls = message.content.filter((part) => part.type === 'tool-call');
      const toolCalls = calls.map(({ name, argumentsText }) => ({ name, argumentsText }));
      const content = joinText(message.content);
      return [{ role: 'assistant', content, ...(toolCalls.length === 0 ? {} : { toolCalls }) }];
    }
  }
  return [];
}

function joinText(parts: (UserPart | AssistantPart)[]): string {
  return parts
    .flatMap((part) => (part.type === 'text' || part.type === 'refusal' ? [part.text] : []))
    .join('\n');
}

/** Turns events of the demo engine into parts. The engine has no ids for calls, so they are made here. */
export type DemoEventReader = {
  read(events: DemoEvent[]): StreamPart[];
};

/** Calls after the first are dropped when only one was asked for: the engine knows no such limit. */
export function createDemoEventReader(options: { parallelToolCalls: boolean }): DemoEventReader {
  let calls = 0;
  return {
    read: (events) =>
      events.flatMap((event): StreamPart[] => {
        if (event.type === 'text') return event.text === '' ? [] : [{ type: 'text-delta', text: event.text }];
        if (event.type === 'reasoning') {
          return event.text === '' ? [] : [{ type: 'reasoning-delta', text: event.text }];
        }
        if (calls > 0 && !options.parallelToolCalls) return [];
        const index = calls++;
        const start: StreamPart = { type: 'tool-call-start', index, id: newCallId(), name: event.name };
        if (event.argumentsText === '') return [start];
        return [start, { type: 'tool-call-delta', index, argumentsText: event.argumentsText }];
      }),
  };
}

/** The engine's counts as disjoint buckets: there the whole holds the parts. */
export function readDemoUsage(usage: DemoUsage): Usage {
  return {
    inputTokens: usage.inputTokens - usage.cachedTokens,
    imageInputTokens: 0,
    cacheReadTokens: usage.cachedTokens,
    cacheWriteTokens: 0,
    outputTokens: usage.outputTokens - usage.reasoningTokens,
    reasoningTokens: usage.reasoningTokens,
  };
}

/** `cancelled` is no end of an answer: undefined. */
export function readDemoFinish(finish: DemoFinish): FinishReason | undefined {
  return finish === 'cancelled' ? undefined : finish;
}
