import type { EventWriter, TextChannel } from './event-writer.ts';
import type { CallItem, MessageItem, MessagePiece, OutputItem, ReasoningItem } from './output-item.ts';
import { itemJson, pieceJson, reasoningPartJson } from './output-item.ts';

/** Tells of an answer's items as they grow. A reply that is not streamed has none of it. */
export type ItemEvents = {
  itemAdded(item: OutputItem): void;
  itemDone(item: OutputItem): void;
  /** The newest piece of a message. */
  pieceAdded(item: MessageItem, piece: MessagePiece): void;
  pieceDone(item: MessageItem, piece: MessagePiece): void;
  reasoningPartAdded(item: ReasoningItem): void;
  reasoningPartDone(item: ReasoningItem): void;
  /** The whole arguments or input of a call are known. */
  callDone(item: CallItem): void;
  /** More text of the item's newest part. */
  text(item: OutputItem, text: string): void;
};

/**
 * Writes the events of the dialect. All of an event that never changes within a part is built once, when it opens.
 * Source: openai 7.55.0, `ResponseStreamEvent`, read 2026-11-20.
 */
export function createItemEvents(writer: EventWriter): ItemEvents {
  /** Where the newest part of each item is streamed to. */
  const channels = new Map<OutputItem, TextChannel>();
  const place = (item: OutputItem) => `"item_id":${JSON.stringify(item.id)},"output_index":${item.index}`;
  const partPlace = (item: MessageItem | ReasoningItem) => {
    const index = item.type === 'message' ? item.pieces.length - 1 : 0;
    const isSummary = item.type === 'reasoning' && item.asSummary;
    return `${place(item)},"${isSummary ? 'summary_index' : 'content_index'}":${index}`;
  };

  return {
    itemAdded(item) {
      writer.event('response.output_item.added', `"output_index":${item.index},"item":${itemJson(item)}`);
      if (item.type === 'function_call' || item.type === 'custom_tool_call') {
        channels.set(item, {
          type: `${CALL_EVENTS[item.type].name}.delta`,
          head: `${place(item)},`,
          tail: '',
        });
      }
    },
    itemDone(item) {
      channels.delete(item);
      writer.event('response.output_item.done', `"output_index":${item.index},"item":${itemJson(item)}`);
    },
    pieceAdded(item, piece) {
      const head = partPlace(item);
      const empty = pieceJson({ ...piece, text: '' });
      writer.event('response.content_part.added', `${head},"part":${empty}`);
      const { type } = piece;
      channels.set(item, {
        type: `response.${type}.delta`,
        head: `${head},`,
        tail: type === 'output_text' ? ',"logprobs":[]' : '',
      });
    },
    pieceDone(item, piece) {
      const head = partPlace(item);
      const text = JSON.stringify(piece.text);
      if (piece.type === 'refusal') writer.event('response.refusal.done', `${head},"refusal":${text}`);
      else writer.event('response.output_text.done', `${head},"text":${text},"logprobs":[]`);
      writer.event('response.content_part.done', `${head},"part":${pieceJson(piece)}`);
    },
    reasoningPartAdded(item) {
      const { part, text } = REASONING_EVENTS[item.asSummary ? 'summary' : 'content'];
      const head = partPlace(item);
      writer.event(`${part}.added`, `${head},"part":${reasoningPartJson(item, '')}`);
      channels.set(item, { type: `${text}.delta`, head: `${head},`, tail: '' });
    },
    reasoningPartDone(item) {
      const { part, text } = REASONING_EVENTS[item.asSummary ? 'summary' : 'content'];
      const head = partPlace(item);
      writer.event(`${text}.done`, `${head},"text":${JSON.stringify(item.text)}`);
      writer.event(`${part}.done`, `${head},"part":${reasoningPartJson(item, item.text)}`);
    },
    callDone(item) {
      const { name, member } = CALL_EVENTS[item.type];
      writer.event(`${name}.done`, `${place(item)},"${member}":${JSON.stringify(item.text)}`);
    },
    text(item, text) {
      const channel = channels.get(item);
      if (channel !== undefined) writer.text(channel, text);
    },
  };
}

const CALL_EVENTS = {
  function_call: { name: 'response.function_call_arguments', member: 'arguments' },
  custom_tool_call: { name: 'response.custom_tool_call_input', member: 'input' },
} as const;

const REASONING_EVENTS = {
  content: { part: 'response.content_part', text: 'response.reasoning_text' },
  summary: { part: 'response.reasoning_summary_part', text: 'response.reasoning_summary_text' },
} as const;
