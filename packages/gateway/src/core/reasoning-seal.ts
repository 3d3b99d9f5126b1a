import type { AssistantPart, ChatMessage, ChatRequest, ReasoningSeal } from '@switchyard/protocol/chat.ts';

/**
 * How a seal travels through a client of another dialect than its provider's, and back with the next request.
 *
 * Clients of the messages dialect keep one opaque text beside reasoning (`signature`), those of the responses dialect
 * too (`encrypted_content`). A seal of the dialect's own provider is written there as it is. A foreign one, or none, is
 * written with a tag of ours, so that it is known again when it comes back: it then goes to its own kind of provider
 * and to no other.
 */
const TAG = 'swy1:';
const NO_SEAL = `${TAG}-`;

/** Dialects that have a place for a seal, with the kinds that are at home there. */
export type SealHome = 'messages' | 'responses';

const NATIVE_KINDS: Record<SealHome, readonly ReasoningSeal['kind'][]> = {
  messages: ['signature', 'redacted'],
  responses: ['encrypted'],
};

const LETTERS = { signature: 's', redacted: 'r', encrypted: 'e' } as const;

const KINDS: ReadonlyMap<string, ReasoningSeal['kind']> = new Map([
  ['s', 'signature'],
  ['r', 'redacted'],
  ['e', 'encrypted'],
]);

/** The text for a client to keep. `undefined` is reasoning that has no seal, as local models give it. */
export function sealText(seal: ReasoningSeal | undefined, home: SealHome): string {
  if (seal === undefined) return NO_SEAL;
  return isNative(seal, home) ? seal.data : `${TAG}${LETTERS[seal.kind]}:${seal.data}`;
}

/**
 * Reads back what `sealText` wrote. `nativeKind` is what an untagged text is in the field it came from. Gives undefined
 * for reasoning without a seal, and for a tag that we never write.
 */
export function readSealText(text: string, nativeKind: ReasoningSeal['kind']): ReasoningSeal | undefined {
  if (!text.startsWith(TAG)) return text === '' ? undefined : { kind: nativeKind, data: text };
  const kind = KINDS.get(text.slice(TAG.length, TAG.length + 1));
  if (kind === undefined || text[TAG.length + 1] !== ':') return undefined;
  const data = text.slice(TAG.length + 2);
  return data === '' ? undefined : { kind, data };
}

export function isNative(seal: ReasoningSeal, home: SealHome): boolean {
  return NATIVE_KINDS[home].includes(seal.kind);
}

/**
 * Whether a conversation holds reasoning that providers of this kind did not seal. They refuse it, so the client's own
 * bytes cannot be forwarded then.
 */
export function hasForeignReasoning(chat: ChatRequest, home: SealHome): boolean {
  return chat.messages.some(
    (message) =>
      message.role === 'assistant' &&
      message.content.some(
        (part) => part.type === 'reasoning' && (part.seal === undefined || !isNative(part.seal, home)),
      ),
  );
}

/** The request without any sealed reasoning, for targets that sealed none: it is not theirs to read. */
export function withoutSealedReasoning(chat: ChatRequest): ChatRequest {
  const isSealed = (part: AssistantPart) => part.type === 'reasoning' && part.seal !== undefined;
  const isAffected = (message: ChatMessage) => message.role === 'assistant' && message.content.some(isSealed);
  if (!chat.messages.some(isAffected)) return chat;
  const messages = chat.messages.map((message) =>
    message.role === 'assistant'
      ? { ...message, content: message.content.filter((part) => !isSealed(part)) }
      : message,
  );
  return { ...chat, messages };
}
