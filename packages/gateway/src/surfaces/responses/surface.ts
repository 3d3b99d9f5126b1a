import { openAiFaultBody } from '../../core/fault-body.ts';
import type { TextSurface } from '../../core/surface.ts';
import { adaptForCodex } from './adapt-fault.ts';
import { decodeResponses } from './decode.ts';

/** POST /v1/responses. */
export const responsesSurface: TextSurface = {
  dialect: 'responses',
  fields: { messages: 'input', tools: 'tools', responseFormat: 'text.format' },
  decode: decodeResponses,
  renderFault: (value) => openAiFaultBody(value),
  adaptFault: adaptForCodex,
};
