import type { FinishReason, StreamPart } from '@switchyard/protocol/parts.ts';
import { LIMITS } from '../../core/limits.ts';
import { createCustomInputReader } from './custom-input.ts';
import type { ReasoningWish } from './decode-settings.ts';
import type { ItemEvents } from './item-events.ts';
import type { CallItem, MessageItem, MessagePiece, OutputItem, ReasoningItem } from './output-item.ts';
import { itemJson } from './output-item.ts';
import type { ToolNames } from './tool-names.ts';

/** The items of one answer, made out of its parts. */
export type Output = {
  add(parts: readonly StreamPart[]): void;
  /** The answer is over: ends whatever is open. Only the last item can have been cut. Gives how it ended in truth. */
  close(finish: FinishReason): FinishReason;
  /** All items as a JSON array. What was never ended is `incomplete`. */
  json(): string;
};

export type OutputSettings = {
  /** Makes the items' ids different from those of every other reply. */
  idSuffix: string;
  names: ToolNames;
  reasoning: ReasoningWish;
};

/**
 * Turns parts into items. Text and refusals make a message, which ends when something else begins; so does reasoning,
 * and its seal ends it too. Calls stay open until the end, since the canonical form lets several grow at once. With
 * `events` each step is told; the items are the same without.
 *
 * Memory: the answer's own text, once. Clients read it again in the last events, so it cannot be let go earlier. No more
 * than `LIMITS.outputItemsMax` items and parts are begun: an engine that begins more is broken or hostile, and the answer
 * ends there as one that was cut.
 */
export function createOutput(settings: OutputSettings, events?: ItemEvents): Output {
  const { idSuffix, names, reasoning } = settings;
  const items: OutputItem[] = [];
  const calls = new Map<number, CallItem>();
  const callIds = new Set<string>();
  /** The message or reasoning that still grows. */
  let open: MessageItem | ReasoningItem | undefined;
  let begun = 0;
  let isFull = false;

  /** Counts an item or part that is about to begin. */
  function mayBegin(): boolean {
    begun += 1;
    isFull ||= begun > LIMITS.outputItemsMax;
    return !isFull;
  }

  function start<Item extends OutputItem>(item: Item): Item {
    items.push(item);
    events?.itemAdded(item);
    return item;
  }
  const base = (prefix: string) => {
    const index = items.length;
    return { index, id: `${prefix}_${idSuffix}_${index}`, status: 'in_progress' as const };
  };

  function endOpen(status: 'completed' | 'incomplete' = 'completed'): void {
    if (open === undefined) return;
    if (open.type === 'message') endPiece(open);
    else if (open.text !== '') events?.reasoningPartDone(open);
    open.status = status;
    events?.itemDone(open);
    open = undefined;
  }

  function endPiece(item: MessageItem): void {
    const piece = item.pieces.at(-1);
    if (piece !== undefined) events?.pieceDone(item, piece);
  }

  function say(type: MessagePiece['type'], text: string): void {
    if (text === '') return;
    const isNew = open?.type !== 'message' || open.pieces.at(-1)?.type !== type;
    if (isNew && !mayBegin()) return;
    if (open?.type !== 'message') {
      endOpen();
      open = start<MessageItem>({ ...base('msg'), type: 'message', pieces: [] });
    }
    let piece = open.pieces.at(-1);
    if (piece?.type !== type) {
      endPiece(open);
      piece = { type, text: '' };
      open.pieces.push(piece);
      events?.pieceAdded(open, piece);
    }
    piece.text += text;
    events?.text(open, text);
  }

  function startReasoning(): ReasoningItem {
    endOpen();
    const { asSummary, withSeal } = reasoning;
    const fields = { type: 'reasoning' as const, text: '', asSummary, withSeal, seal: undefined };
    open = start<ReasoningItem>({ ...base('rs'), ...fields });
    return open;
  }

  function think(text: string): void {
    if (text === '' || (open?.type !== 'reasoning' && !mayBegin())) return;
    const item = open?.type === 'reasoning' ? open : startReasoning();
    if (item.text === '') events?.reasoningPartAdded(item);
    item.text += text;
    events?.text(item, text);
  }

  function seal(value: ReasoningItem['seal']): void {
    if (open?.type === 'reasoning') open.seal = value;
    // A seal without text says nothing to a client that does not keep it.
    else if (reasoning.withSeal && mayBegin()) startReasoning().seal = value;
    if (open?.type === 'reasoning') endOpen();
  }

  function startCall(part: Extract<StreamPart, { type: 'tool-call-start' }>): void {
    if (!mayBegin()) return;
    endOpen();
    const tool = names.identify(part.name) ?? { kind: 'function', name: part.name };
    const isCustom = tool.kind === 'custom';
    calls.set(
      part.index,
      start<CallItem>({
        ...base(isCustom ? 'ctc' : 'fc'),
        type: isCustom ? 'custom_tool_call' : 'function_call',
        callId: ownCallId(part.id),
        tool,
        text: '',
        reader: isCustom ? createCustomInputReader() : undefined,
      }),
    );
  }

  /** Clients refuse an answer whose calls have no id or share one. */
  function ownCallId(given: string): string {
    const id = given === '' || callIds.has(given) ? `call_${idSuffix}_${items.length}` : given;
    callIds.add(id);
    return id;
  }

  function growCall(item: CallItem | undefined, argumentsText: string): void {
    if (item === undefined) return;
    addCallText(item, item.reader === undefined ? argumentsText : item.reader.push(argumentsText));
  }

  function addCallText(item: CallItem, text: string): void {
    if (text === '') return;
    item.text += text;
    events?.text(item, text);
  }

  /**
   * A complete call without arguments has an empty object: clients parse them unchecked. A custom call has no word for
   * being cut: @ai-sdk/openai 4.0.118 breaks at any status but `completed`.
   */
  function endCall(item: CallItem, status: 'completed' | 'incomplete'): void {
    if (item.reader !== undefined) addCallText(item, item.reader.end());
    else if (item.text === '' && status === 'completed') addCallText(item, '{}');
    item.status = item.type === 'custom_tool_call' ? 'completed' : status;
    events?.callDone(item);
    events?.itemDone(item);
  }

  return {
    add(parts) {
      for (const part of parts) {
        switch (part.type) {
          case 'text-delta':
            say('output_text', part.text);
            break;
          case 'refusal-delta':
            say('refusal', part.text);
            break;
          case 'reasoning-delta':
            think(part.text);
            break;
          case 'reasoning-seal':
            seal(part.seal);
            break;
          case 'tool-call-start':
            startCall(part);
            break;
          case 'tool-call-delta':
            growCall(calls.get(part.index), part.argumentsText);
            break;
          case 'finish':
            break;
        }
      }
    },
    close(finish) {
      const wasCut = isFull || finish === 'length' || finish === 'content-filter';
      const last = items.at(-1);
      for (const item of items) {
        if (item.status !== 'in_progress') continue;
        const status = wasCut && item === last ? 'incomplete' : 'completed';
        if (item === open) endOpen(status);
        else if (item.type === 'function_call' || item.type === 'custom_tool_call') endCall(item, status);
      }
      return isFull && finish !== 'content-filter' ? 'length' : finish;
    },
    json() {
      const ended = items.map((item) =>
        item.status === 'in_progress' ? { ...item, status: 'incomplete' as const } : item,
      );
      return `[${ended.map(itemJson).join(',')}]`;
    },
  };
}
