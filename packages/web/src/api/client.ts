/** What a server of ours refused, or `network` when it could not be reached. Thrown, because queries expect that. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly code: string;
  /** The field at fault, where there is one. */
  readonly param: string | undefined;

  constructor(status: number, failure: { code: string; message: string; param?: string | undefined }) {
    super(failure.message);
    this.status = status;
    this.code = failure.code;
    this.param = failure.param;
  }
}

/** The path of a console route of an account. */
export function accountPath(accountId: string, path: string): string {
  return `/api/console/accounts/${encodeURIComponent(accountId)}/${path}`;
}

/** `?a=1&b=2`; what is undefined, null or empty is left out. */
export function query(values: Record<string, string | number | undefined | null>): string {
  const entries = Object.entries(values).filter(
    ([, value]) => value !== undefined && value !== null && value !== '',
  );
  if (entries.length === 0) return '';
  return `?${new URLSearchParams(entries.map(([name, value]) => [name, String(value)])).toString()}`;
}

/** The types of the answers are the console API's contract in `@switchyard/protocol`; the server's tests hold it. */
export function getJson<Answer>(path: string, signal?: AbortSignal): Promise<Answer> {
  return call(path, signal === undefined ? {} : { signal });
}

export function sendJson<Answer>(
  method: 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  path: string,
  body: object = {},
): Promise<Answer> {
  return call(path, {
    method,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

async function call<Answer>(path: string, init: RequestInit): Promise<Answer> {
  let response: Response;
  try {
    response = await fetch(path, { ...init, credentials: 'same-origin' });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ApiError(0, {
      code: 'network',
      message: 'The server cannot be reached. Check the connection.',
    });
  }
  const answer: unknown = await response.json().catch(() => undefined);
  if (!response.ok) throw readFailure(response.status, answer);
  return answer as Answer;
}

/** Two shapes: the catalogue's `{error: {code, message, param}}` and the sign-in library's `{code, message}`. */
function readFailure(status: number, answer: unknown): ApiError {
  const outer = asRecord(answer);
  const inner = asRecord(outer?.['error']) ?? outer;
  const text = (name: string) => {
    const value = inner?.[name];
    return typeof value === 'string' ? value : undefined;
  };
  return new ApiError(status, {
    code: text('code') ?? `status_${status}`,
    message: text('message') ?? `The server answered with status ${status}.`,
    param: text('param'),
  });
}

function asRecord(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null ? { ...value } : undefined;
}

/** The words to show for whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof ApiError ? error.message : 'Something went wrong on this page. Try again.';
}
