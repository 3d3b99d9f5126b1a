import type { AssistantPart, ChatMessage, ToolCallPart, UserPart } from '@switchyard/protocol/chat.ts';
import { toolInputJson } from '../../core/messages/tool-input.ts';
import type { CallIds } from './tool-ids.ts';
import { createCallIds } from './tool-ids.ts';
import type { ToolNames } from './tool-names.ts';

/** Blocks are JSON text from the start: a call's arguments go in as the model wrote them, digit for digit. */
export type EncodedMessages = {
  /** Texts of all system messages, wherever they stood. */
  system: string[];
  /** The `messages` array. */
  messagesJson: string;
  isEmpty: boolean;
  /**
   * The model waits for results of calls that it made without thinking first, as far as we know: models that think by
   * budget must not be asked to think then.
   */
  callsWithoutThinking: boolean;
};

/**
 * Writes a conversation in the API's form: system messages are taken out, the roles alternate, all results of an
 * answer's calls stand first in the turn behind it, texts without a visible character are left out. Reasoning goes back
 * only with the seal that this kind of provider gave it. A call without a result gets one that says so, since the API
 * takes no call alone; a result without its call becomes text of the user.
 */
export function encodeMessages(messages: readonly ChatMessage[], names: ToolNames): EncodedMessages {
  const conversation: Conversation = { system: [], turns: [], ids: createCallIds(), names };
  for (const message of messages) addMessage(conversation, message);
  answerOpenCalls(conversation.turns);
  const { system, turns } = conversation;
  return {
    system,
    messagesJson: `[${turns.map(turnJson).join(',')}]`,
    isEmpty: turns.length === 0,
    callsWithoutThinking: hasCallsWithoutThinking(turns),
  };
}

type Call = { id: string; apiId: string; isAnswered: boolean };

type Turn = {
  role: 'user' | 'assistant';
  /** Only a user's turn has some. */
  results: string[];
  blocks: string[];
  /** Only an assistant's turn has some. */
  calls: Call[];
  startsWithThinking: boolean;
};

type Conversation = { system: string[]; turns: Turn[]; ids: CallIds; names: ToolNames };

function addMessage(conversation: Conversation, message: ChatMessage): void {
  switch (message.role) {
    case 'system':
      for (const part of message.content) if (isVisible(part.text)) conversation.system.push(part.text);
      return;
    case 'user':
      for (const block of userBlocks(message.content)) turnOf(conversation.turns, 'user').blocks.push(block);
      return;
    case 'assistant':
      for (const part of message.content) addAssistantPart(conversation, part);
      return;
    case 'tool':
      addResult(conversation.turns, message);
  }
}

/** The last turn when it has this role, else a new one behind it. */
function turnOf(turns: Turn[], role: Turn['role']): Turn {
  const last = turns.at(-1);
  if (last?.role === role) return last;
  const turn: Turn = { role, results: [], blocks: [], calls: [], startsWithThinking: false };
  turns.push(turn);
  return turn;
}

function addAssistantPart(conversation: Conversation, part: AssistantPart): void {
  const { turns } = conversation;
  switch (part.type) {
    case 'text':
    case 'refusal':
      if (isVisible(part.text)) turnOf(turns, 'assistant').blocks.push(textBlock(part.text));
      return;
    case 'reasoning': {
      const { text, seal } = part;
      if (seal === undefined || seal.kind === 'encrypted') return;
      const turn = turnOf(turns, 'assistant');
      if (turn.blocks.length === 0) turn.startsWithThinking = true;
      turn.blocks.push(
        seal.kind === 'redacted'
          ? JSON.stringify({ type: 'redacted_thinking', data: seal.data })
          : JSON.stringify({ type: 'thinking', thinking: text, signature: seal.data }),
      );
      return;
    }
    case 'tool-call': {
      const turn = turnOf(turns, 'assistant');
      const call = { id: part.id, apiId: conversation.ids.take(part.id), isAnswered: false };
      turn.calls.push(call);
      turn.blocks.push(callBlock(part, call.apiId, conversation.names));
    }
  }
}

function addResult(turns: Turn[], message: Extract<ChatMessage, { role: 'tool' }>): void {
  const last = turns.at(-1);
  const asked = last?.role === 'user' ? turns.at(-2) : last;
  const call = asked?.calls.find(({ id, isAnswered }) => id === message.callId && !isAnswered);
  if (call === undefined) {
    for (const block of userBlocks(message.content)) turnOf(turns, 'user').blocks.push(block);
    return;
  }
  call.isAnswered = true;
  turnOf(turns, 'user').results.push(resultBlock(call.apiId, message));
}

const NO_RESULT = 'There is no result of this call.';

function answerOpenCalls(turns: Turn[]): void {
  for (const [index, turn] of turns.entries()) {
    const open = turn.calls.filter((call) => !call.isAnswered);
    if (open.length === 0) continue;
    const next = turns[index + 1] ?? turnOf(turns, 'user');
    const message = { content: [{ type: 'text' as const, text: NO_RESULT }], isError: true };
    next.results.push(...open.map((call) => resultBlock(call.apiId, message)));
  }
}

function hasCallsWithoutThinking(turns: readonly Turn[]): boolean {
  const [asked, last] = turns.slice(-2);
  if (asked === undefined || last === undefined) return false;
  return last.results.length > 0 && !asked.startsWithThinking;
}

function turnJson({ role, results, blocks }: Turn): string {
  return `{"role":"${role}","content":[${[...results, ...blocks].join(',')}]}`;
}

function userBlocks(parts: readonly UserPart[]): string[] {
  const blocks: string[] = [];
  for (const part of parts) {
    if (part.type === 'image') {
      const source = { type: 'base64', media_type: part.mime, data: part.base64 };
      blocks.push(JSON.stringify({ type: 'image', source }));
    } else if (isVisible(part.text)) blocks.push(textBlock(part.text));
  }
  return blocks;
}

function textBlock(text: string): string {
  return JSON.stringify({ type: 'text', text });
}

function callBlock(call: ToolCallPart, apiId: string, names: ToolNames): string {
  const head = JSON.stringify({ type: 'tool_use', id: apiId, name: names.toApi(call.name) });
  return `${head.slice(0, -1)},"input":${toolInputJson(call.argumentsText)}}`;
}

/** An error must have content. */
function resultBlock(
  apiId: string,
  { content, isError }: { content: UserPart[]; isError?: boolean },
): string {
  const blocks = userBlocks(content);
  if (isError === true && blocks.length === 0) blocks.push(textBlock('Error'));
  const head = JSON.stringify({
    type: 'tool_result',
    tool_use_id: apiId,
    ...(isError === true ? { is_error: true } : {}),
  });
  return blocks.length === 0 ? head : `${head.slice(0, -1)},"content":[${blocks.join(',')}]}`;
}

/** The API refuses texts of spaces only. */
export function isVisible(text: string): boolean {
  return text.trim() !== '';
}
