/**
 * The chat format as tokens. It gives the same text as `models/training/chat_template.jinja` (also stored in the
 * model file), with one difference that a text template cannot have: markers are special tokens and everything
 * that comes from a request is plain text, so that no message, tool name or tool result can write the format.
 */

import { toolParameters } from './schema.ts';
import type { Marker, Tokenizer } from './tokenizer.ts';
import type { DemoJob, DemoMessage, DemoTool } from './types.ts';

export type PromptPiece = { kind: 'marker'; marker: Marker } | { kind: 'text'; text: string };

/** What of a job is shown to the model. */
export type PromptSource = Pick<DemoJob, 'messages' | 'tools' | 'toolChoice' | 'thinking' | 'continuesLast'>;

/** The prompt in pieces, ending where the assistant's answer begins or goes on. No two pieces of text are neighbours. */
export function promptPieces(source: PromptSource): PromptPiece[] {
  const writer = createWriter();
  writeHead(source, writer);
  for (const [index, message] of source.messages.entries()) {
    if (index === 0 && message.role === 'system') continue;
    writer.marker('<|im_start|>');
    writer.text(`${message.role}\n`);
    if (message.role === 'assistant') writeAssistantTurn(message, writer);
    else writer.text(message.content);
    const isOpen = source.continuesLast === true && index === source.messages.length - 1;
    if (isOpen && message.role === 'assistant') return writer.pieces;
    writer.marker('<|im_end|>');
    writer.text('\n');
  }
  writer.marker('<|im_start|>');
  writer.text('assistant\n');
  return writer.pieces;
}

/**
 * Encodes the prompt, pausing between steps of bounded work. Stops early once there are more than `maxTokens`
 * tokens: then the returned list is longer than `maxTokens` and not complete.
 */
export function* encodePrompt(
  source: PromptSource,
  tokenizer: Tokenizer,
  maxTokens: number,
): Generator<void, number[], void> {
  const tokens: number[] = [];
  for (const piece of promptPieces(source)) {
    if (piece.kind === 'marker') {
      tokens.push(tokenizer.markerId(piece.marker));
      continue;
    }
    const steps = tokenizer.encodeInSteps(piece.text, tokens);
    while (steps.next().done !== true) {
      if (tokens.length > maxTokens) return tokens;
      yield;
    }
    if (tokens.length > maxTokens) return tokens;
  }
  return tokens;
}

/** The system turn: the first system message, the tools, the thinking switch. Left out when it would be empty. */
function writeHead(source: PromptSource, writer: PromptWriter): void {
  const [first] = source.messages;
  const system = first?.role === 'system' ? first.content : '';
  const tools = source.toolChoice === 'none' ? [] : source.tools;
  if (system === '' && tools.length === 0 && !source.thinking) return;
  writer.marker('<|im_start|>');
  writer.text('system\n');
  writer.text(system);
  if (tools.length > 0) {
    if (system !== '') writer.text('\n');
    writer.marker('<tools>');
    writer.text('\n');
    for (const tool of tools) writer.text(`${toolLine(tool)}\n`);
    writer.marker('</tools>');
  }
  if (source.thinking) {
    if (system !== '' || tools.length > 0) writer.text('\n');
    writer.text('/think');
  }
  writer.marker('<|im_end|>');
  writer.text('\n');
}

function writeAssistantTurn(message: DemoMessage, writer: PromptWriter): void {
  // Earlier reasoning is not shown again. The model was trained without it in the history.
  const body = message.content.includes('</think>')
    ? message.content.slice(message.content.lastIndexOf('</think>') + '</think>'.length).replace(/^\n+/, '')
    : message.content;
  writer.text(body);
  for (const [index, call] of (message.toolCalls ?? []).entries()) {
    if (body !== '' || index > 0) writer.text('\n');
    writer.marker('<tool_call>');
    writer.text(`\n{"name": "${call.name}", "arguments": ${call.argumentsText}}\n`);
    writer.marker('</tool_call>');
  }
}

/** One tool as the model was taught: `name(city: string, unit?: celsius|fahrenheit): description`. */
function toolLine(tool: DemoTool): string {
  const parameters = toolParameters(tool.parameters).map(({ name, isRequired, type, choices }) => {
    const values = choices.length > 0 ? choices.join('|') : (type ?? 'any');
    return `${name}${isRequired ? '' : '?'}: ${values}`;
  });
  const description =
    tool.description === undefined || tool.description === '' ? '' : `: ${tool.description}`;
  return `${tool.name}(${parameters.join(', ')})${description}`;
}

type PromptWriter = ReturnType<typeof createWriter>;

/** Joins neighbouring texts: how text is split into tokens depends on what stands before and after it. */
function createWriter() {
  const pieces: PromptPiece[] = [];
  return {
    pieces,
    marker(marker: Marker): void {
      pieces.push({ kind: 'marker', marker });
    },
    text(text: string): void {
      const last = pieces.at(-1);
      if (text === '') return;
      if (last?.kind === 'text') last.text += text;
      else pieces.push({ kind: 'text', text });
    },
  };
}
