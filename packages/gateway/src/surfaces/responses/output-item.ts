import type { ReasoningSeal } from '@switchyard/protocol/chat.ts';
import { sealText } from '../../core/reasoning-seal.ts';
import type { CustomInputReader } from './custom-input.ts';
import type { ToolIdentity } from './tool-names.ts';

/** An item of the answer while it is made. Its place in `output` is `index`. */
export type OutputItem = MessageItem | ReasoningItem | CallItem;

export type ItemStatus = 'in_progress' | 'completed' | 'incomplete';

type ItemBase = { index: number; id: string; status: ItemStatus };

export type MessageItem = ItemBase & { type: 'message'; pieces: MessagePiece[] };

export type MessagePiece = { type: 'output_text' | 'refusal'; text: string };

export type ReasoningItem = ItemBase & {
  type: 'reasoning';
  /** '' for reasoning of which a provider gave the seal only. */
  text: string;
  asSummary: boolean;
  seal: ReasoningSeal | undefined;
  /** Whether the client wants to keep the seal. */
  withSeal: boolean;
};

export type CallItem = ItemBase & {
  type: 'function_call' | 'custom_tool_call';
  callId: string;
  tool: ToolIdentity;
  /** The arguments as JSON text, or a custom tool's input. */
  text: string;
  /** For a custom tool: turns arguments into input. */
  reader: CustomInputReader | undefined;
};

/** An item as JSON text. One in progress has no content yet: that comes with its own events. */
export function itemJson(item: OutputItem): string {
  const head = `{"id":${JSON.stringify(item.id)},"type":"${item.type}","status":"${item.status}"`;
  const isOpen = item.status === 'in_progress';
  switch (item.type) {
    case 'message': {
      const content = isOpen ? '' : item.pieces.map(pieceJson).join(',');
      return `${head},"role":"assistant","content":[${content}]}`;
    }
    case 'reasoning':
      return `${head},${reasoningMembers(item)}}`;
    case 'function_call':
    case 'custom_tool_call': {
      const { callId, tool, type } = item;
      const namespace = tool.namespace === undefined ? '' : `,"namespace":${JSON.stringify(tool.namespace)}`;
      const text = JSON.stringify(isOpen ? '' : item.text);
      return (
        `${head},"call_id":${JSON.stringify(callId)},"name":${JSON.stringify(tool.name)}${namespace},` +
        `"${type === 'function_call' ? 'arguments' : 'input'}":${text}}`
      );
    }
  }
}

function reasoningMembers(item: ReasoningItem): string {
  const isOpen = item.status === 'in_progress';
  const part = isOpen || item.text === '' ? '' : reasoningPartJson(item, item.text);
  const lists = item.asSummary ? `"summary":[${part}]` : `"summary":[],"content":[${part}]`;
  if (!item.withSeal) return lists;
  return `${lists},"encrypted_content":${isOpen ? null : JSON.stringify(sealText(item.seal, 'responses'))}`;
}

export function pieceJson({ type, text }: MessagePiece): string {
  return type === 'refusal'
    ? `{"type":"refusal","refusal":${JSON.stringify(text)}}`
    : `{"type":"output_text","annotations":[],"logprobs":[],"text":${JSON.stringify(text)}}`;
}

export function reasoningPartJson({ asSummary }: ReasoningItem, text: string): string {
  return `{"type":"${asSummary ? 'summary_text' : 'reasoning_text'}","text":${JSON.stringify(text)}}`;
}
