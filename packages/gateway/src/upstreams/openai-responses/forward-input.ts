import { editTopLevel, findMember, topLevelMembers } from '../../core/json-spans.ts';
import { readSealText } from '../../core/reasoning-seal.ts';
import type { EditedArray } from './hosted-tools.ts';
import { editArray, readMember, withoutHostedTools } from './hosted-tools.ts';

export type InputOptions = {
  /** Whether tools that run at the provider may stay. */
  allowPaidExtras: boolean;
  /** The account of this upstream cannot read the reasoning that was sealed for another. */
  dropSealedReasoning: boolean;
};

/**
 * Edits the `input` list that begins at `start`. Undefined when it is no list (a text).
 *
 * Reasoning without OpenAI's own `encrypted_content` goes out: nothing is stored, so the provider would look for its id
 * in vain and refuse the whole request. Tools may also stand in items (`additional_tools`, `tool_search_output`).
 */
export function editInput(body: Buffer, start: number, options: InputOptions): EditedArray | undefined {
  return editArray(body, start, (item) => editItem(item, options));
}

function editItem(item: Buffer, options: InputOptions): Buffer | undefined {
  switch (readMember(item, 'type')) {
    case 'reasoning':
      return !options.dropSealedReasoning && hasNativeSeal(item) ? item : undefined;
    case 'additional_tools':
    case 'tool_search_output':
      return options.allowPaidExtras ? item : editItemTools(item);
    default:
      return item;
  }
}

function hasNativeSeal(item: Buffer): boolean {
  const text = readMember(item, 'encrypted_content');
  // What came from another provider carries our tag, and is not what it says.
  return typeof text === 'string' && readSealText(text, 'encrypted')?.data === text;
}

function editItemTools(item: Buffer): Buffer {
  const tools = findMember(topLevelMembers(item) ?? [], 'tools');
  const edited = tools === undefined ? undefined : withoutHostedTools(item, tools.valueStart);
  if (edited === undefined || !edited.isChanged) return item;
  return editTopLevel(item, [{ key: 'tools', value: edited.text }]) ?? item;
}
