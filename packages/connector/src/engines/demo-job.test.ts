import type { DemoJob } from '@switchyard/demo-engine/types.ts';
import type { ChatRequest } from '@switchyard/protocol/chat.ts';
import { describe, expect, it } from 'vitest';
import { emptyChat } from '../testing/chat.ts';
import { createDemoEventReader, encodeDemoJob, readDemoFinish, readDemoUsage } from './demo-job.ts';

const BASE: DemoJob = {
  messages: [],
  tools: [],
  toolChoice: 'auto',
  thinking: false,
  temperature: 0.7,
  topP: 0.95,
  topK: 0,
  minP: 0,
  frequencyPenalty: 0,
  presencePenalty: 0,
  stop: [],
};

const text = (value: string): { type: 'text'; text: string } => ({ type: 'text', text: value });

describe('encodeDemoJob', () => {
  it.each<[string, Partial<ChatRequest>, Partial<DemoJob>]>([
    ['nothing', {}, {}],
    [
      'all messages',
      {
        messages: [
          { role: 'system', content: [text('a'), text('b')] },
          { role: 'user', content: [text('q'), text('r')] },
          {
            role: 'assistant',
            content: [
              { type: 'reasoning', text: 'hidden' },
              text('I look.'),
              { type: 'tool-call', id: 'c1', name: 'f', argumentsText: '{}' },
            ],
          },
          { role: 'tool', callId: 'c1', content: [text('7')] },
          { role: 'system', content: [text('c')] },
          { role: 'assistant', content: [{ type: 'refusal', text: 'No.' }] },
        ],
      },
      {
        messages: [
          { role: 'system', content: 'a\nb\nc' },
          { role: 'user', content: 'q\nr' },
          { role: 'assistant', content: 'I look.', toolCalls: [{ name: 'f', argumentsText: '{}' }] },
          { role: 'tool', content: '7' },
          { role: 'assistant', content: 'No.' },
        ],
      },
    ],
    [
      'settings',
      {
        sampling: {
          temperature: 0,
          topP: 1,
          topK: 4,
          minP: 0.1,
          frequencyPenalty: 1,
          presencePenalty: 2,
          seed: 0,
        },
        stop: ['x', ''],
        maxOutputTokens: 3,
      },
      {
        temperature: 0,
        topP: 1,
        topK: 4,
        minP: 0.1,
        frequencyPenalty: 1,
        presencePenalty: 2,
        seed: 0,
        stop: ['x'],
        maxOutputTokens: 3,
      },
    ],
    ['thinking', { reasoningEffort: 'minimal' }, { thinking: true }],
    ['thinking off', { reasoningEffort: 'none' }, { thinking: false }],
    [
      'tools',
      {
        tools: [{ name: 'f', description: 'd', parameters: {}, strict: true }, { name: 'g' }],
        toolChoice: { name: 'f' },
      },
      { tools: [{ name: 'f', description: 'd', parameters: {} }, { name: 'g' }], toolChoice: { name: 'f' } },
    ],
    ['a choice without tools', { toolChoice: 'required' }, {}],
  ])('writes %s', (_name, change, expected) => {
    expect(encodeDemoJob({ ...emptyChat(), ...change })).toEqual({ ...BASE, ...expected });
  });
});

describe('createDemoEventReader', () => {
  it('makes parts with ids of its own', () => {
    const parts = createDemoEventReader({ parallelToolCalls: true }).read([
      { type: 'reasoning', text: 'r' },
      { type: 'text', text: '' },
      { type: 'text', text: 't' },
      { type: 'tool-call', index: 0, name: 'f', argumentsText: '{}' },
      { type: 'tool-call', index: 1, name: 'g', argumentsText: '' },
    ]);
    const id = expect.stringMatching(/^call_[0-9a-f]{24}$/u);
    expect(parts).toEqual([
      { type: 'reasoning-delta', text: 'r' },
      { type: 'text-delta', text: 't' },
      { type: 'tool-call-start', index: 0, id, name: 'f' },
      { type: 'tool-call-delta', index: 0, argumentsText: '{}' },
      { type: 'tool-call-start', index: 1, id, name: 'g' },
    ]);
  });

  it('keeps to one call when only one is wanted', () => {
    const reader = createDemoEventReader({ parallelToolCalls: false });
    reader.read([{ type: 'tool-call', index: 0, name: 'f', argumentsText: '{}' }]);
    expect(reader.read([{ type: 'tool-call', index: 1, name: 'g', argumentsText: '{}' }])).toEqual([]);
  });
});

describe('ends', () => {
  it('splits the usage into disjoint buckets', () => {
    const usage = { inputTokens: 10, cachedTokens: 4, outputTokens: 7, reasoningTokens: 2 };
    expect(readDemoUsage(usage)).toEqual({
      inputTokens: 6,
      imageInputTokens: 0,
      cacheReadTokens: 4,
      cacheWriteTokens: 0,
      outputTokens: 5,
      reasoningTokens: 2,
    });
  });

  it('knows no finish of a cancelled job', () => {
    expect(readDemoFinish('cancelled')).toBeUndefined();
    expect(readDemoFinish('tool-calls')).toBe('tool-calls');
  });
});
