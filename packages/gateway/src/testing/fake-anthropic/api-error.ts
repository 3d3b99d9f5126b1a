/** An error as the API says it. */
export type ApiError = { status: number; type: string; message: string; headers?: Record<string, string> };

export function apiError(status: number, type: string, message: string): ApiError {
  return { status, type, message };
}

export function invalid(message: string): ApiError {
  return apiError(400, 'invalid_request_error', message);
}

/** The body of an error reply, or the data of an `error` event. */
export function errorJson({ type, message }: Pick<ApiError, 'type' | 'message'>): string {
  return JSON.stringify({ type: 'error', error: { type, message }, request_id: 'req_011CFake' });
}
