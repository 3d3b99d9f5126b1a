/** Reads the recorded prompts and answers of llama.cpp and turns the prompt text back into conversations. */

import type { DemoMessage, DemoTool } from '../types.ts';
import type { PromptSource } from '../template.ts';
import { readModelFile } from './demo-fixtures.ts';

export type Vector = { task: string; prompt: string; promptTokens: number[]; outputTokens: number[] };

export function readVectors(): Vector[] {
  const lines = new TextDecoder().decode(readModelFile('vectors.jsonl')).trim().split('\n');
  return lines.map((line) => {
    const { task, prompt, prompt_tokens, output_tokens } = JSON.parse(line) as {
      task: string;
      prompt: string;
      prompt_tokens: number[];
      output_tokens: number[];
    };
    return { task, prompt, promptTokens: prompt_tokens, outputTokens: output_tokens };
  });
}

/** The inverse of the chat template, for the prompts of the vectors. */
export function parsePrompt(prompt: string): PromptSource {
  const source: PromptSource = { messages: [], tools: [], toolChoice: 'auto', thinking: false };
  const turns = prompt.matchAll(/<\|im_start\|>(system|user|assistant|tool)\n([\s\S]*?)<\|im_end\|>\n/g);
  for (const [, role = '', body = ''] of turns) {
    if (role === 'system') {
      const [, system = '', tools, thinking] =
        /^([\s\S]*?)(?:\n?<tools>\n([\s\S]*)\n<\/tools>)?(\n?\/think)?$/.exec(body) ?? [];
      if (system !== '') source.messages.push({ role: 'system', content: system });
      if (tools !== undefined) source.tools.push(...tools.split('\n').map(parseTool));
      source.thinking = thinking !== undefined;
    } else {
      source.messages.push(
        role === 'assistant' ? parseAssistant(body) : { role: role as 'user', content: body },
      );
    }
  }
  return source;
}

function parseAssistant(body: string): DemoMessage {
  const call = /\n?<tool_call>\n\{"name": "(.*?)", "arguments": (.*)\}\n<\/tool_call>/g;
  const toolCalls = [...body.matchAll(call)].map(([, name = '', argumentsText = '']) => ({
    name,
    argumentsText,
  }));
  return { role: 'assistant', content: body.replace(call, ''), toolCalls };
}

function parseTool(line: string): DemoTool {
  const [, name = '', list = '', description] = /^(\w+)\((.*?)\)(?:: (.*))?$/.exec(line) ?? [];
  const parameters = list === '' ? [] : list.split(', ').map((item) => item.split(': '));
  const properties = Object.fromEntries(
    parameters.map(([key = '', type = '']) => [
      key.replace('?', ''),
      type.includes('|') ? { enum: type.split('|') } : { type },
    ]),
  );
  const required = parameters.map(([key = '']) => key).filter((key) => !key.endsWith('?'));
  return {
    name,
    ...(description === undefined ? {} : { description }),
    parameters: { properties, required },
  };
}
