import { readFileSync } from 'node:fs';

const PAGE = new URL('../../../../docs/console-api.md', import.meta.url);

/**
 * The routes of the console as docs/console-api.md lists them, a line each: the method, the path below `/api/console/`, who
 * may ask at least, and `fresh` where a late sign-in is needed. A test holds the list to the table that is served.
 * Throws when the page has no such list.
 */
export function documentedRoutes(): string[] {
  const list = /```text\n(GET {4}session[^`]*)\n```/.exec(readFileSync(PAGE, 'utf8'))?.[1];
  if (list === undefined) throw new Error('docs/console-api.md lists no routes');
  return list.split('\n');
}
