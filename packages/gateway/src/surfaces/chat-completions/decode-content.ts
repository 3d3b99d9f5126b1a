import type { TextPart, UserPart } from '@switchyard/protocol/chat.ts';
import { isJsonObject } from '../../core/json-body.ts';
import type { FieldSource, Refusals } from '../../core/json-fields.ts';
import { fieldPath, isAbsent, readArray, refuse } from '../../core/json-fields.ts';
import { LIMITS } from '../../core/limits.ts';
import { decodeImage } from './decode-images.ts';

/** What one message's content may hold, and the pictures seen so far in the whole request. */
export type ContentRules = { images: boolean; imageCount: { value: number } };

const UNSUPPORTED_PARTS = new Set(['input_audio', 'audio', 'file', 'video_url', 'input_video', 'video']);

/**
 * Reads `content`: a string, an array of parts, null or nothing. Empty texts are dropped, since some targets refuse
 * them; a message of only empty texts has no parts.
 */
export function decodeContent(message: FieldSource, rules: ContentRules): UserPart[] {
  const value = message.object['content'];
  if (isAbsent(value) || value === '') return [];
  if (typeof value === 'string') return [{ type: 'text', text: value }];
  if (!Array.isArray(value)) {
    refuse(message.refusals, fieldPath(message, 'content'), 'must be a string or an array of parts.');
    return [];
  }
  const entries = readArray(message, 'content', LIMITS.partsPerMessageMax) ?? [];
  const parts: UserPart[] = [];
  for (const [index, entry] of entries.entries()) {
    const part = decodePart(entry, `${fieldPath(message, 'content')}[${index}]`, {
      ...rules,
      refusals: message.refusals,
    });
    if (part !== undefined) parts.push(part);
  }
  return parts;
}

/** Content of roles that hold text only. */
export function decodeTextContent(message: FieldSource): TextPart[] {
  const parts = decodeContent(message, { images: false, imageCount: { value: 0 } });
  return parts.filter((part) => part.type === 'text');
}

function decodePart(
  entry: unknown,
  path: string,
  rules: ContentRules & { refusals: Refusals },
): UserPart | undefined {
  const { refusals } = rules;
  if (typeof entry === 'string') return entry === '' ? undefined : { type: 'text', text: entry };
  if (!isJsonObject(entry)) return refuse(refusals, path, 'must be an object.');
  const type = entry['type'];
  if (type === 'text') {
    const text = entry['text'];
    if (typeof text !== 'string') return refuse(refusals, `${path}.text`, 'must be a string.');
    return text === '' ? undefined : { type: 'text', text };
  }
  if (type === 'image_url' && rules.images) {
    rules.imageCount.value += 1;
    if (rules.imageCount.value > LIMITS.imagesPerRequestMax) {
      return refuse(refusals, path, `holds one picture too many: at most ${LIMITS.imagesPerRequestMax}.`);
    }
    return decodeImage(entry['image_url'], `${path}.image_url`, refusals);
  }
  if (typeof type === 'string' && UNSUPPORTED_PARTS.has(type)) {
    return refuse(refusals, `${path}.type`, 'is not supported here.', 'unsupported_parameter');
  }
  return refuse(
    refusals,
    `${path}.type`,
    rules.images ? 'must be "text" or "image_url".' : 'must be "text".',
  );
}
