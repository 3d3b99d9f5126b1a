import { skipSpace, skipString, skipValue } from './json-scan.ts';

/**
 * Where a member of a JSON object stands in its bytes: the key from `keyStart` (its opening quote), the value in
 * [`valueStart`, `valueEnd`).
 */
export type MemberSpan = { key: string; keyStart: number; valueStart: number; valueEnd: number };

/** `value` is the JSON text to put there; undefined takes the member away. */
export type MemberEdit = { key: string; value: string | undefined };

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const COMMA = 0x2c;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/**
 * The members of the object that a body holds, in order, duplicates included. One pass; keys inside nested values
 * and strings are never taken for members. Undefined when the bytes are no JSON object. The inside of nested
 * values is not checked: parse the body first where that matters.
 */
export function topLevelMembers(body: Buffer): MemberSpan[] | undefined {
  let at = skipSpace(body, 0);
  if (body[at] !== OPEN_OBJECT) return undefined;
  const members: MemberSpan[] = [];
  at = skipSpace(body, at + 1);
  if (body[at] === CLOSE_OBJECT) return closes(body, at) ? members : undefined;
  for (;;) {
    const keyStart = at;
    if (body[keyStart] !== QUOTE) return undefined;
    const keyEnd = skipString(body, keyStart);
    if (keyEnd === -1) return undefined;
    at = skipSpace(body, keyEnd);
    if (body[at] !== COLON) return undefined;
    const valueStart = skipSpace(body, at + 1);
    const valueEnd = skipValue(body, valueStart);
    const key = readKey(body, keyStart, keyEnd);
    if (valueEnd === -1 || key === undefined) return undefined;
    members.push({ key, keyStart, valueStart, valueEnd });
    at = skipSpace(body, valueEnd);
    if (body[at] === CLOSE_OBJECT) return closes(body, at) ? members : undefined;
    if (body[at] !== COMMA) return undefined;
    at = skipSpace(body, at + 1);
  }
}

/** The member that `JSON.parse` would see under `key`: the last one. */
export function findMember(members: readonly MemberSpan[], key: string): MemberSpan | undefined {
  return members.findLast((member) => member.key === key);
}

/**
 * Changes members of a JSON object inside its bytes and leaves every other byte as it is. A member that is not there
 * yet is added at the end. Of duplicate keys only the last stays, so that the body says the same to every parser.
 * With `keep`, members that it does not name are taken away too (edited ones stay).
 * Gives the same Buffer when there is nothing to change, undefined when the bytes are no JSON object.
 */
export function editTopLevel(
  body: Buffer,
  edits: readonly MemberEdit[],
  keep?: ReadonlySet<string>,
): Buffer | undefined {
  const members = topLevelMembers(body);
  return members === undefined ? undefined : editMembers(body, members, { edits, keep });
}

export type MemberChanges = { edits: readonly MemberEdit[]; keep: ReadonlySet<string> | undefined };

/** As `editTopLevel`, for a caller that has looked at the members already. */
export function editMembers(body: Buffer, members: readonly MemberSpan[], changes: MemberChanges): Buffer {
  const { edits, keep } = changes;
  const lastOfKey = new Map(members.map((member, index) => [member.key, index]));
  const kept: { member: MemberSpan; index: number; value: string | undefined }[] = [];
  let changed = false;
  for (const [index, member] of members.entries()) {
    const edit = edits.findLast((one) => one.key === member.key);
    const stays = edit === undefined ? (keep?.has(member.key) ?? true) : edit.value !== undefined;
    if (!stays || lastOfKey.get(member.key) !== index) {
      changed = true;
      continue;
    }
    if (edit?.value !== undefined) changed = true;
    kept.push({ member, index, value: edit?.value });
  }
  const added = new Map<string, string>();
  for (const { key, value } of edits) {
    if (lastOfKey.has(key)) continue;
    if (value === undefined) added.delete(key);
    else added.set(key, value);
  }
  if (!changed && added.size === 0) return body;
  return assemble(body, { members, kept, added });
}

type Assembly = {
  members: readonly MemberSpan[];
  kept: readonly { member: MemberSpan; index: number; value: string | undefined }[];
  added: ReadonlyMap<string, string>;
};

function assemble(body: Buffer, { members, kept, added }: Assembly): Buffer {
  const pieces: Buffer[] = [];
  const open = skipSpace(body, 0) + 1;
  pieces.push(body.subarray(0, members[0]?.keyStart ?? open));
  for (const [position, { member, index, value }] of kept.entries()) {
    // The gap before a member, comma and spaces, is the one it had; before the first there is none.
    const gapStart = members[index - 1]?.valueEnd;
    if (position > 0 && gapStart !== undefined) pieces.push(body.subarray(gapStart, member.keyStart));
    if (value === undefined) pieces.push(body.subarray(member.keyStart, member.valueEnd));
    else pieces.push(body.subarray(member.keyStart, member.valueStart), Buffer.from(value));
  }
  let separator = kept.length === 0 ? '' : ',';
  for (const [key, value] of added) {
    pieces.push(Buffer.from(`${separator}${JSON.stringify(key)}:${value}`));
    separator = ',';
  }
  pieces.push(body.subarray(members.at(-1)?.valueEnd ?? open));
  return Buffer.concat(pieces);
}

/** Nothing but spaces may follow the object. */
function closes(body: Buffer, at: number): boolean {
  return skipSpace(body, at + 1) === body.length;
}

function readKey(body: Buffer, start: number, end: number): string | undefined {
  const escape = body.indexOf(BACKSLASH, start);
  if (escape === -1 || escape >= end) return body.toString('utf8', start + 1, end - 1);
  try {
    return String(JSON.parse(body.toString('utf8', start, end)));
  } catch {
    return undefined;
  }
}
