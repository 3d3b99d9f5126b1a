import { createHash, randomBytes } from 'node:crypto';
import type { ChatRequest } from '@switchyard/protocol/chat.ts';
import type { Clock } from '../core/clock.ts';

/**
 * Remembers which node has read the beginning of a conversation, because an engine that still has it in its cache need
 * not read it again. Kept are short keyed digests in memory for some minutes, nothing of the text: the key is made at
 * the start and anew each day, and the account is part of what is digested, so one customer's prompts say nothing
 * about another's.
 *
 * Lengths and life: what LocalAI uses for the same (blocks of 256 bytes, 64 of them, 5 minutes; its repository,
 * 2026-11), but digests only at some lengths, since the share needs no more exactness than that.
 */
export type PrefixAffinity = {
  /** Digests of the prompt's beginnings, the shortest first, with the share of the prompt that each is. */
  prefixesOf(accountId: string, model: string, chat: ChatRequest): Prefix[];
  /** The node has read the prompt. */
  note(nodeId: string, prefixes: readonly Prefix[]): void;
  /** The share of the prompt that each node has probably still, 0 to 1. Nodes without any are left out. */
  sharesOf(prefixes: readonly Prefix[]): Map<string, number>;
};

export type Prefix = { digest: string; share: number };

const BLOCK_CHARS = 256;
/** Lengths in blocks at which a digest is taken. */
const LENGTHS = [1, 2, 4, 8, 16, 32, 64] as const;
const KEPT_MS = 5 * 60_000;
const DIGESTS_MAX = 50_000;
/** A shorter match is the system prompt of some program, and not worth a detour. */
const SHARE_MIN = 0.3;
const KEY_LIFE_MS = 24 * 3_600_000;

type Entry = { nodeId: string; untilMs: number };

export function createPrefixAffinity(clock: Clock): PrefixAffinity {
  let key = randomBytes(32);
  let keyUntilMs = clock.monotonicMs() + KEY_LIFE_MS;
  /** In the order of their last use. */
  const nodes = new Map<string, Entry>();

  function renewKey(): void {
    const nowMs = clock.monotonicMs();
    if (nowMs < keyUntilMs) return;
    key = randomBytes(32);
    keyUntilMs = nowMs + KEY_LIFE_MS;
    nodes.clear();
  }

  return {
    prefixesOf(accountId, model, chat) {
      renewKey();
      const text = promptText(chat);
      const hash = createHash('sha256').update(key).update(`${accountId}\n${model}\n`);
      const prefixes: Prefix[] = [];
      let read = 0;
      for (const length of LENGTHS) {
        const end = length * BLOCK_CHARS;
        if (end > text.length) break;
        hash.update(text.slice(read, end));
        read = end;
        prefixes.push({
          digest: hash.copy().digest('base64url').slice(0, 11),
          share: end / text.length,
        });
      }
      return prefixes;
    },
    note(nodeId, prefixes) {
      const untilMs = clock.monotonicMs() + KEPT_MS;
      for (const { digest } of prefixes) {
        nodes.delete(digest);
        nodes.set(digest, { nodeId, untilMs });
      }
      for (const oldest of nodes.keys()) {
        if (nodes.size <= DIGESTS_MAX) break;
        nodes.delete(oldest);
      }
    },
    sharesOf(prefixes) {
      const nowMs = clock.monotonicMs();
      const shares = new Map<string, number>();
      for (const { digest, share } of prefixes) {
        const entry = nodes.get(digest);
        if (entry === undefined || share < SHARE_MIN) continue;
        if (entry.untilMs < nowMs) nodes.delete(digest);
        else shares.set(entry.nodeId, share);
      }
      return shares;
    },
  };
}

const TEXT_MAX_CHARS = BLOCK_CHARS * (LENGTHS.at(-1) ?? 1);

/**
 * The prompt as one text in the order in which engines read it, cut where no digest is taken any more. Pictures are
 * left out: the words around them tell conversations apart.
 */
function promptText(chat: ChatRequest): string {
  let text = JSON.stringify(chat.tools);
  for (const message of chat.messages) {
    text += `\n${message.role}:`;
    for (const part of message.content) {
      if (part.type === 'image') continue;
      text += part.type === 'tool-call' ? `${part.name}${part.argumentsText}` : part.text;
    }
    if (text.length > TEXT_MAX_CHARS) break;
  }
  return text;
}
