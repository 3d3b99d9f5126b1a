/** Where Better Auth may be told to lead a browser, in a body or a query. */
const PAGE_FIELDS = ['callbackURL', 'errorCallbackURL', 'newUserCallbackURL', 'redirectTo'] as const;

/**
 * The first of these fields that names no page of this site. The library checks the same by its own rules, and not at all
 * when it believes to be tested.
 */
export function foreignPage(
  fields: Readonly<Record<string, unknown>>,
  origins: readonly string[],
): string | undefined {
  return PAGE_FIELDS.find((name) => {
    const value = fields[name];
    return value !== undefined && !(typeof value === 'string' && isOwnPage(value, origins));
  });
}

/** An address of this site, or a path. Browsers read `//` and `/\` as the begin of a host. */
export function isOwnPage(value: string, origins: readonly string[]): boolean {
  const [base = ''] = origins;
  return URL.canParse(value, base) && origins.includes(new URL(value, base).origin);
}
