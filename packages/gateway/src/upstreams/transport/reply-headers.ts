/** As undici gives them: one that came more than once is a list. */
export type ReplyHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** The value of a header that may come once only; of several the first, as Node's own client does. `name` in lower case. */
export function headerOf(headers: ReplyHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : value?.[0];
}
