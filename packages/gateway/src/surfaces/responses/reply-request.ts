import type { JsonObject } from '../../core/json-body.ts';
import type { ReasoningWish } from './decode-settings.ts';
import type { Opening } from './opening.ts';
import type { ToolNames } from './tool-names.ts';

/** What a reply needs to know of its request. */
export type ReplyRequest = {
  /** As it was parsed: the reply tells the request's settings again. */
  body: JsonObject;
  names: ToolNames;
  reasoning: ReasoningWish;
  opening: Opening;
};
