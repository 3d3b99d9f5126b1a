import type { FinishReason } from '@switchyard/protocol/parts.ts';
import type { JsonObject } from '../../core/json-body.ts';
import { isJsonObject } from '../../core/json-body.ts';
import type { MemberEdit } from '../../core/json-spans.ts';
import { editMembers, findMember, topLevelMembers } from '../../core/json-spans.ts';

/** Nothing is stored, and who asks was never said: what the provider writes there is about the operator. */
const OURS: readonly MemberEdit[] = [
  { key: 'store', value: 'false' },
  { key: 'safety_identifier', value: 'null' },
  { key: 'user', value: 'null' },
];

/**
 * A response object's bytes with the model's public name and what we say of keeping and asking in them, where they stand
 * there, and every other byte as it was. The same Buffer when nothing differs, undefined when they are no JSON object.
 */
export function editResponse(response: Buffer, replyModel: string | undefined): Buffer | undefined {
  const members = topLevelMembers(response);
  if (members === undefined) return undefined;
  const name = replyModel === undefined ? undefined : JSON.stringify(replyModel);
  const edits = [{ key: 'model', value: name }, ...OURS].filter(({ key, value }) => {
    const member = value === undefined ? undefined : findMember(members, key);
    return member !== undefined && response.toString('utf8', member.valueStart, member.valueEnd) !== value;
  });
  return editMembers(response, members, { edits, keep: undefined });
}

/** The same for an event that carries a response object. */
export function editResponseIn(event: Buffer, replyModel: string | undefined): Buffer | undefined {
  const member = findMember(topLevelMembers(event) ?? [], 'response');
  if (member === undefined) return undefined;
  const response = event.subarray(member.valueStart, member.valueEnd);
  const edited = editResponse(response, replyModel);
  if (edited === undefined || edited === response) return edited === undefined ? undefined : event;
  return Buffer.concat([event.subarray(0, member.valueStart), edited, event.subarray(member.valueEnd)]);
}

/**
 * How a response ended. `failed`: there is no answer. Undefined: it did not end. `byEvent` is what the event said that
 * carried it, for servers that leave the status out.
 */
export function readEnd(
  response: JsonObject,
  hasClientCall: boolean,
  byEvent = 'completed',
): FinishReason | 'failed' | undefined {
  switch (response['status'] ?? byEvent) {
    case 'completed':
      return hasClientCall ? 'tool-calls' : 'stop';
    case 'incomplete': {
      const details = response['incomplete_details'];
      const reason = isJsonObject(details) ? details['reason'] : undefined;
      return reason === 'content_filter' ? 'content-filter' : 'length';
    }
    case 'failed':
    case 'cancelled':
      return 'failed';
    default:
      return undefined;
  }
}
