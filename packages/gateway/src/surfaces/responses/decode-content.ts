import type { AssistantPart, ImagePart, TextPart, UserPart } from '@switchyard/protocol/chat.ts';
import { pictureFromDataUrl } from '../../core/inline-picture.ts';
import type { JsonObject } from '../../core/json-body.ts';
import { isJsonObject } from '../../core/json-body.ts';
import type { Refusals } from '../../core/json-fields.ts';
import { isAbsent, refuse } from '../../core/json-fields.ts';
import { LIMITS } from '../../core/limits.ts';
import type { DecodeContext } from './context.ts';
import { needsNative } from './context.ts';

/** Reads the content of a user's message or of a tool's output: a string, or parts of text and pictures. */
export function decodeUserContent(value: unknown, path: string, context: DecodeContext): UserPart[] {
  return decodeParts(value, path, context, (part, partPath) => {
    if (isText(part['type'])) return readText(part, partPath, context.refusals);
    if (part['type'] === 'input_image') return readImage(part, partPath, context);
    return needsNative(context, `${partPath}.type`);
  });
}

/** Reads the content of a system or developer message: text only. */
export function decodeSystemContent(value: unknown, path: string, context: DecodeContext): TextPart[] {
  return decodeParts(value, path, context, (part, partPath) =>
    isText(part['type'])
      ? readText(part, partPath, context.refusals)
      : needsNative(context, `${partPath}.type`),
  );
}

/** Reads the content of an answer of an earlier turn: texts and refusals. */
export function decodeAssistantContent(
  value: unknown,
  path: string,
  context: DecodeContext,
): AssistantPart[] {
  return decodeParts<AssistantPart>(value, path, context, (part, partPath) => {
    if (isText(part['type'])) return readText(part, partPath, context.refusals);
    if (part['type'] !== 'refusal') return needsNative(context, `${partPath}.type`);
    const { refusal } = part;
    if (typeof refusal !== 'string')
      return refuse(context.refusals, `${partPath}.refusal`, 'must be a string.');
    return refusal === '' ? undefined : { type: 'refusal', text: refusal };
  });
}

/** Empty texts are dropped: some targets refuse them. */
function decodeParts<Part>(
  value: unknown,
  path: string,
  { refusals }: DecodeContext,
  read: (part: JsonObject, path: string) => Part | undefined,
): (Part | TextPart)[] {
  if (isAbsent(value) || value === '') return [];
  if (typeof value === 'string') return [{ type: 'text', text: value }];
  if (!Array.isArray(value) || value.length > LIMITS.partsPerMessageMax) {
    refuse(refusals, path, `must be a string or an array of at most ${LIMITS.partsPerMessageMax} parts.`);
    return [];
  }
  const parts: (Part | TextPart)[] = [];
  for (const [index, entry] of value.entries()) {
    const partPath = `${path}[${index}]`;
    if (!isJsonObject(entry)) {
      refuse(refusals, partPath, 'must be an object.');
      break;
    }
    const part = read(entry, partPath);
    if (part !== undefined) parts.push(part);
  }
  return parts;
}

/** Clients write `input_text` and `output_text`, and some `text`, whoever speaks. */
function isText(type: unknown): boolean {
  return type === 'input_text' || type === 'output_text' || type === 'text';
}

function readText(part: JsonObject, path: string, refusals: Refusals): TextPart | undefined {
  const { text } = part;
  if (typeof text !== 'string') return refuse(refusals, `${path}.text`, 'must be a string.');
  return text === '' ? undefined : { type: 'text', text };
}

/** `image_url` is a string here; some clients write the object of chat completions. A `file_id` is a provider's. */
function readImage(part: JsonObject, path: string, context: DecodeContext): ImagePart | undefined {
  const { refusals, imageCount } = context;
  imageCount.value += 1;
  if (imageCount.value > LIMITS.imagesPerRequestMax) {
    return refuse(refusals, path, `holds one picture too many: at most ${LIMITS.imagesPerRequestMax}.`);
  }
  const { image_url: given, file_id: fileId, detail } = part;
  if (isAbsent(given) && !isAbsent(fileId)) return needsNative(context, `${path}.file_id`);
  const url = isJsonObject(given) ? given['url'] : given;
  if (typeof url !== 'string') return refuse(refusals, `${path}.image_url`, 'must be a data URL.');
  const image = pictureFromDataUrl(url, { path: `${path}.image_url`, refusals });
  if (image === undefined) return undefined;
  if (detail === 'low' || detail === 'high' || detail === 'auto') image.detail = detail;
  // The whole picture as it is: the nearest that other dialects know.
  if (detail === 'original') image.detail = 'high';
  return image;
}
