import type { ImagePart, TextPart, UserPart } from '@switchyard/protocol/chat.ts';
import { imageMime, inlinePicture, pictureFromDataUrl } from '../../core/inline-picture.ts';
import { isJsonObject } from '../../core/json-body.ts';
import type { FieldSource } from '../../core/json-fields.ts';
import { refuse, requireName } from '../../core/json-fields.ts';
import { LIMITS } from '../../core/limits.ts';
import { blockText, contentBlocks, unknownBlock } from './content-blocks.ts';
import type { Reading } from './reading.ts';
import { noteNative } from './reading.ts';

/**
 * Reads a block of a user's message or of a tool's result. Documents of text and search results become texts with
 * their titles; a reference to a tool offers that tool and names it. Cache marks and citation settings are left behind.
 */
export function decodeUserBlock(block: FieldSource, reading: Reading): UserPart[] {
  switch (block.object['type']) {
    case 'text':
      return textParts(blockText(block));
    case 'image': {
      const picture = decodePicture(block, reading);
      return picture === undefined ? [] : [picture];
    }
    case 'document':
      return decodeDocument(block, reading);
    case 'search_result':
      return decodeSearchResult(block);
    case 'tool_reference':
      return decodeToolReference(block, reading);
    default:
      unknownBlock(block, reading);
      return [];
  }
}

function textParts(text: string): TextPart[] {
  return text === '' ? [] : [{ type: 'text', text }];
}

function decodePicture(block: FieldSource, reading: Reading): ImagePart | undefined {
  const { refusals } = block;
  const path = `${block.path}.source`;
  const { source } = block.object;
  reading.pictures += 1;
  if (reading.pictures > LIMITS.imagesPerRequestMax) {
    return refuse(refusals, block.path, `holds one picture too many: at most ${LIMITS.imagesPerRequestMax}.`);
  }
  if (!isJsonObject(source)) return refuse(refusals, path, 'must be an object.');
  const { type, media_type: mediaType, data, url } = source;
  switch (type) {
    case 'base64': {
      const mime = typeof mediaType === 'string' ? imageMime(mediaType) : undefined;
      if (mime === undefined) {
        return refuse(
          refusals,
          `${path}.media_type`,
          'must be image/png, image/jpeg, image/gif or image/webp.',
        );
      }
      if (typeof data !== 'string') return refuse(refusals, `${path}.data`, 'must be a string of base64.');
      return inlinePicture(mime, data, { path: `${path}.data`, refusals });
    }
    case 'url':
      if (typeof url !== 'string') return refuse(refusals, `${path}.url`, 'must be a string.');
      return pictureFromDataUrl(url, { path: `${path}.url`, refusals });
    case 'file':
      return noteNative(reading, `${path}.type`, 'A picture that is a file of the provider');
    default:
      return refuse(refusals, `${path}.type`, 'must be base64.');
  }
}

/** Text and blocks of text and pictures are readable anywhere; a PDF, a file or an address only where it is opened. */
function decodeDocument(block: FieldSource, reading: Reading): UserPart[] {
  const { refusals } = block;
  const path = `${block.path}.source`;
  const { source, title, context } = block.object;
  if (!isJsonObject(source)) {
    refuse(refusals, path, 'must be an object.');
    return [];
  }
  const head = headLines([
    ['Document', title],
    ['Context', context],
  ]);
  if (source['type'] === 'content') {
    const parts = contentBlocks({ object: source, path, refusals }).flatMap((inner) =>
      decodeUserBlock(inner, reading),
    );
    return [...textParts(head), ...parts];
  }
  if (source['type'] === 'text') {
    const { data } = source;
    if (typeof data === 'string') return textParts(withHead(head, data));
    refuse(refusals, `${path}.data`, 'must be a string.');
    return [];
  }
  noteNative(reading, `${path}.type`, 'A document that is not plain text');
  return [];
}

function decodeSearchResult(block: FieldSource): UserPart[] {
  const { title, source } = block.object;
  const texts = contentBlocks(block).map((inner) => {
    if (inner.object['type'] === 'text') return blockText(inner);
    return refuse(inner.refusals, `${inner.path}.type`, 'must be "text".') ?? '';
  });
  const head = headLines([
    ['Search result', title],
    ['Source', source],
  ]);
  return textParts(withHead(head, texts.join('\n')));
}

/** `tool_reference` is how a search for tools answers: it loads a tool whose definition was held back. */
function decodeToolReference(block: FieldSource, reading: Reading): UserPart[] {
  const name = requireName(block, 'tool_name', LIMITS.nameMaxChars);
  if (name === undefined) return [];
  reading.toolChanges.push({ type: 'load', name });
  return [{ type: 'text', text: `Tool: ${name}` }];
}

function headLines(fields: readonly (readonly [string, unknown])[]): string {
  return fields
    .filter(([, value]) => typeof value === 'string' && value !== '')
    .map(([name, value]) => `${name}: ${String(value)}`)
    .join('\n');
}

function withHead(head: string, text: string): string {
  return head === '' || text === '' ? head + text : `${head}\n\n${text}`;
}
