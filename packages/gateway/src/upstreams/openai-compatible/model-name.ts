import type { JsonObject } from '../../core/json-body.ts';
import { findMember, topLevelMembers } from '../../core/json-spans.ts';
import { inOwnMemory } from '../../core/own-memory.ts';

const OPEN_OBJECT = 0x7b;

/**
 * Gives the model its public name back inside the bytes of an event, `data: {...}` LF LF, which hold the JSON object
 * `value`. Events of one stream begin alike up to the model's name, so the exchanged beginning is made once and
 * compared afterwards; a look into the JSON is only needed where an event begins in another way.
 */
export type ModelRenamer = (raw: Buffer, value: JsonObject) => Buffer[];

export function createModelRenamer(replyModel: string | undefined): ModelRenamer {
  if (replyModel === undefined) return (raw) => [raw];
  let theirs: Buffer | undefined;
  let ours: Buffer | undefined;
  return (raw, value) => {
    const { model } = value;
    if (model === undefined || model === replyModel) return [raw];
    if (theirs === undefined || ours === undefined || !startsWith(raw, theirs)) {
      const span = modelSpan(raw);
      if (span === undefined) return [raw];
      const name = Buffer.from(JSON.stringify(replyModel));
      theirs = inOwnMemory(raw.subarray(0, span.end));
      ours = inOwnMemory(Buffer.concat([raw.subarray(0, span.start), name]));
    }
    return [ours, raw.subarray(theirs.length)];
  };
}

function startsWith(raw: Buffer, head: Buffer): boolean {
  return raw.length >= head.length && raw.compare(head, 0, head.length, 0, head.length) === 0;
}

function modelSpan(raw: Buffer): { start: number; end: number } | undefined {
  const open = raw.indexOf(OPEN_OBJECT);
  if (open === -1) return undefined;
  const member = findMember(topLevelMembers(raw.subarray(open)) ?? [], 'model');
  return member === undefined ? undefined : { start: open + member.valueStart, end: open + member.valueEnd };
}
