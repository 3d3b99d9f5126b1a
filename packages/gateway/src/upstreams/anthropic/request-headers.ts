/** The version that this adapter is written for. */
const VERSION = '2023-06-01';

const PRINTABLE = /^[\x20-\x7e]+$/;

/** The operator's own headers, names in lower case: those of the dialect apart from all others. */
export type OperatorHeaders = { version: string; betas: string[]; others: Record<string, string> };

export function operatorHeaders(headers: Readonly<Record<string, string>>): OperatorHeaders {
  const { 'anthropic-version': version = VERSION, 'anthropic-beta': beta, ...others } = headers;
  return { version, betas: beta === undefined ? [] : [beta], others };
}

/**
 * The headers of the dialect: names and values in turn. Of the client's raw headers only the two go on that belong to
 * it, as they are: `anthropic-version`, and `anthropic-beta`, whose values come in pairs with fields of the body. The
 * operator's betas are added to the client's. Never a credential, nor a name of a session.
 */
export function dialectHeaders({ version, betas }: OperatorHeaders, client: readonly string[]): string[] {
  const [given = version] = valuesOf(client, 'anthropic-version');
  const all = [...betas, ...valuesOf(client, 'anthropic-beta')];
  return ['anthropic-version', given, ...(all.length === 0 ? [] : ['anthropic-beta', all.join(',')])];
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
