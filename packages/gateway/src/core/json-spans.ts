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

/**
 * As `editTopLevel`, for a caller that has looked at the members already. What stays is copied in runs as long as
 * possible: most bodies are changed in two or three places.
 */
export function editMembers(body: Buffer, members: readonly MemberSpan[], changes: MemberChanges): Buffer {
  const { edits, keep } = changes;
  const isLastOfKey = lastOfKeyTest(members);
  const splicer = new Splicer(body, edits);
  let hasKept = false;
  for (let index = 0; index < members.length; index += 1) {
    const member = members[index];
    if (member === undefined) break;
    const edit = lastEdit(edits, member.key);
    const stays = edit === undefined ? (keep?.has(member.key) ?? true) : edit.value !== undefined;
    if (stays && isLastOfKey(index)) {
      hasKept = true;
      if (edit?.value !== undefined) splicer.replace(member.valueStart, member.valueEnd, edit.value);
    } else if (hasKept) {
      // With the comma and the spaces before it.
      splicer.replace(members[index - 1]?.valueEnd ?? member.keyStart, member.valueEnd, '');
    } else {
      // Nothing stands before it, so the comma behind it goes.
      splicer.replace(member.keyStart, members[index + 1]?.keyStart ?? member.valueEnd, '');
    }
  }
  const end = members.at(-1)?.valueEnd ?? skipSpace(body, 0) + 1;
  for (let index = 0; index < edits.length; index += 1) {
    const edit = edits[index];
    if (edit?.value === undefined || lastEdit(edits, edit.key) !== edit) continue;
    if (members.some((member) => member.key === edit.key)) continue;
    splicer.replace(end, end, `${hasKept ? ',' : ''}${JSON.stringify(edit.key)}:${edit.value}`);
    hasKept = true;
  }
  return splicer.result();
}

function lastEdit(edits: readonly MemberEdit[], key: string): MemberEdit | undefined {
  for (let index = edits.length - 1; index >= 0; index -= 1) {
    const edit = edits[index];
    if (edit?.key === key) return edit;
  }
  return undefined;
}

/** Up to this many members, looking through the rest is quicker than a map. */
const FEW_MEMBERS = 32;

/** Tells whether a member is the last of its key. */
function lastOfKeyTest(members: readonly MemberSpan[]): (index: number) => boolean {
  if (members.length > FEW_MEMBERS) {
    const last = new Map(members.map((member, index) => [member.key, index]));
    return (index) => last.get(members[index]?.key ?? '') === index;
  }
  return (index) => {
    const key = members[index]?.key;
    for (let later = index + 1; later < members.length; later += 1)
      if (members[later]?.key === key) return false;
    return true;
  };
}

/** A copy of some bytes with ranges exchanged. They are given in order and do not overlap. */
class Splicer {
  readonly #source: Buffer;
  readonly #mostAdded: number;
  #target: Buffer | undefined;
  #written = 0;
  /** All before it has been copied or left out. */
  #taken = 0;

  constructor(source: Buffer, edits: readonly MemberEdit[]) {
    this.#source = source;
    let mostAdded = 0;
    // UTF-8 has at most 3 bytes for a UTF-16 unit; an escaped key has at most 6 for one.
    for (const { key, value } of edits) mostAdded += 6 * key.length + 3 * (value?.length ?? 0) + 4;
    this.#mostAdded = mostAdded;
  }

  replace(start: number, end: number, text: string): void {
    this.#target ??= Buffer.allocUnsafe(this.#source.length + this.#mostAdded);
    this.#written += this.#source.copy(this.#target, this.#written, this.#taken, start);
    if (text !== '') this.#written += this.#target.write(text, this.#written);
    this.#taken = end;
  }

  /** The source itself when nothing was exchanged. */
  result(): Buffer {
    if (this.#target === undefined) return this.#source;
    this.#written += this.#source.copy(this.#target, this.#written, this.#taken);
    return this.#target.subarray(0, this.#written);
  }
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
