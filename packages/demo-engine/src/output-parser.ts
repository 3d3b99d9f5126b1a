/**
 * Turns the answer's tokens into events: reasoning, text and tool calls.
 *
 * A marker counts only when the model gave it as its special token. Text that merely spells `<tool_call>`, such as
 * a tool result that the model repeats, stays text and can never become a call. So no text has to be held back
 * for the sake of a half-written marker either; only line feeds wait, since the chat format puts them around
 * calls and reasoning and they are not part of the answer then.
 */

import type { Marker } from './tokenizer.ts';
import type { DemoEvent } from './types.ts';

export type OutputParser = {
  /** Bytes of plain tokens, cut anywhere. */
  pushBytes(bytes: Uint8Array): DemoEvent[];
  pushMarker(marker: Marker): DemoEvent[];
  /** The answer is over: gives out what was held back. */
  end(): DemoEvent[];
  readonly isReasoning: boolean;
  /** Between `<tool_call>` and its end. */
  readonly isInCall: boolean;
  /** Tool calls given out so far. */
  readonly callCount: number;
};

/** A call that grows above this is given out as text. The demo model's context ends far below it. */
const MAX_CALL_CHARACTERS = 65_536;

type State = 'text' | 'reasoning' | 'call';

/** Without `toolCalls` (no tools were offered) call markers are text as well. */
export function createOutputParser(options: { toolCalls: boolean }): OutputParser {
  let state: State = 'text';
  let decoder = newDecoder();
  let events: DemoEvent[] = [];
  let callText = '';
  let callCount = 0;
  /** Line feeds that belong to the answer only if something follows them. */
  let heldLineFeeds = '';
  let skipsLineFeeds = false;

  function writeVisible(text: string): void {
    if (text === '') return;
    const type = state === 'reasoning' ? 'reasoning' : 'text';
    const last = events.at(-1);
    if (last?.type === type) last.text += text;
    else events.push({ type, text });
  }

  function flushLineFeeds(): void {
    writeVisible(heldLineFeeds);
    heldLineFeeds = '';
  }

  function write(text: string): void {
    if (state === 'call') {
      callText += text;
      if (callText.length > MAX_CALL_CHARACTERS) giveUpCall('');
      return;
    }
    let rest = text;
    if (skipsLineFeeds) rest = rest.replace(/^\n+/, '');
    if (rest === '') return;
    skipsLineFeeds = false;
    if (state === 'text' && !options.toolCalls) {
      writeVisible(rest);
      return;
    }
    const body = rest.replace(/\n+$/, '');
    if (body !== '') {
      flushLineFeeds();
      writeVisible(body);
    }
    heldLineFeeds += rest.slice(body.length);
  }

  /** Goes on as text with everything that was taken for a call, so that nothing of the answer is lost. */
  function giveUpCall(tail: string): void {
    state = 'text';
    flushLineFeeds();
    writeVisible(`<tool_call>${callText}${tail}`);
    callText = '';
  }

  function finishCall(tail: string): void {
    const call = parseCall(callText);
    if (call === undefined) {
      giveUpCall(tail);
      return;
    }
    events.push({ type: 'tool-call', index: callCount, ...call });
    callCount += 1;
    callText = '';
    heldLineFeeds = '';
    state = 'text';
    skipsLineFeeds = true;
  }

  function flushDecoder(): void {
    write(decoder.decode());
    decoder = newDecoder();
  }

  function takeEvents(): DemoEvent[] {
    const taken = events;
    events = [];
    return taken;
  }

  return {
    pushBytes(bytes) {
      write(decoder.decode(bytes, { stream: true }));
      return takeEvents();
    },
    pushMarker(marker) {
      flushDecoder();
      if (marker === '<think>' && state === 'text') {
        flushLineFeeds();
        state = 'reasoning';
        skipsLineFeeds = true;
      } else if (marker === '</think>' && state === 'reasoning') {
        state = 'text';
        heldLineFeeds = '';
        skipsLineFeeds = true;
      } else if (marker === '<tool_call>' && state === 'text' && options.toolCalls) {
        state = 'call';
        callText = '';
      } else if (marker === '</tool_call>' && state === 'call') {
        finishCall(marker);
      } else {
        write(marker);
      }
      return takeEvents();
    },
    end() {
      flushDecoder();
      if (state === 'call') finishCall('');
      flushLineFeeds();
      return takeEvents();
    },
    get isReasoning() {
      return state === 'reasoning';
    },
    get isInCall() {
      return state === 'call';
    },
    get callCount() {
      return callCount;
    },
  };
}

/** Bytes that are no UTF-8 become U+FFFD; a byte order mark is text like any other. */
function newDecoder(): TextDecoder {
  return new TextDecoder('utf-8', { ignoreBOM: true });
}

/** `{"name": text, "arguments": object}`; the arguments may be missing. */
function parseCall(text: string): { name: string; argumentsText: string } | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || !('name' in value)) return undefined;
  const { name } = value;
  const callArguments = 'arguments' in value ? value.arguments : {};
  if (typeof name !== 'string' || name === '') return undefined;
  if (typeof callArguments !== 'object' || callArguments === null || Array.isArray(callArguments))
    return undefined;
  return { name, argumentsText: JSON.stringify(callArguments) };
}
