import { errorRow, faultMessage, type Fault } from './errors.ts';

/**
 * The error body of OpenAI's dialects: `{error:{message,type,param,code}}`. All four keys are always there: the
 * specification requires them and some clients read them unchecked. The request's id travels in the headers.
 */
export function openAiFaultBody(value: Fault): string {
  return JSON.stringify({
    error: {
      message: faultMessage(value),
      type: errorRow(value.code).openaiType,
      param: value.param ?? null,
      code: value.code,
    },
  });
}

/**
 * The error body of Anthropic's dialect: `{type:"error",error:{type,message},request_id}`. It has no place for the
 * field at fault, so that stands before the message, once. `code` is ours, beside what the dialect defines. `details` is the
 * dialect's machine-readable word about some errors.
 */
export function anthropicFaultBody(
  value: Fault,
  requestId: string,
  details?: { error_code: string },
): string {
  const message = faultMessage(value);
  const { param } = value;
  const isNamed = param === undefined || message.startsWith(`${param}: `);
  return JSON.stringify({
    type: 'error',
    error: {
      type: anthropicType(value),
      message: isNamed ? message : `${param}: ${message}`,
      code: value.code,
      details,
    },
    request_id: requestId,
  });
}

/**
 * An overload that no wait will end is told as another failure: Claude Code tries an `overloaded_error` again for three
 * minutes, whatever `x-should-retry` says, and stops at once at any other 503 with that header (measured with 2.1.329,
 * 2026-11-21).
 */
function anthropicType({ code, retryAfterMs }: Fault): string {
  const isHopeless = code === 'server_is_overloaded' && retryAfterMs === undefined;
  return isHopeless ? 'api_error' : errorRow(code).anthropicType;
}
