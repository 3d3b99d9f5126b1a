/** The version that this adapter is written for. */
const VERSION = '2023-06-01';

const PRINTABLE = /^[\x20-\x7e]+$/;

export type HeaderOptions = {
  apiKey?: string | undefined;
  /** The operator's own, with names in lower case. */
  headers: Readonly<Record<string, string>>;
};

/** Makes the headers of a request: names and values in turn. `client` are the client's raw headers of this dialect. */
export type HeaderWriter = (client: readonly string[]) => string[];

/**
 * Of the client's headers only the two go on that belong to the dialect, as they are: `anthropic-version`, and
 * `anthropic-beta`, whose values come in pairs with fields of the body. The operator's betas are added to the client's.
 * Never a credential, nor a name of a session.
 */
export function headerWriter({ apiKey, headers }: HeaderOptions): HeaderWriter {
  const { 'anthropic-version': version = VERSION, 'anthropic-beta': beta, ...others } = headers;
  const fixed = [
    'content-type',
    'application/json',
    'accept',
    'application/json, text/event-stream',
    'accept-encoding',
    'identity',
    'user-agent',
    'switchyard',
    ...(apiKey === undefined ? [] : ['x-api-key', apiKey]),
    ...Object.entries(others).flat(),
  ];
  return (client) => {
    const betas = [...(beta === undefined ? [] : [beta]), ...valuesOf(client, 'anthropic-beta')];
    const [given] = valuesOf(client, 'anthropic-version');
    const versionHeader = ['anthropic-version', given ?? version];
    return [...fixed, ...versionHeader, ...(betas.length === 0 ? [] : ['anthropic-beta', betas.join(',')])];
  };
}

function valuesOf(rawHeaders: readonly string[], wanted: string): string[] {
  const values: string[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    const value = rawHeaders[index + 1] ?? '';
    if (name.length === wanted.length && name.toLowerCase() === wanted && PRINTABLE.test(value))
      values.push(value);
  }
  return values;
}
