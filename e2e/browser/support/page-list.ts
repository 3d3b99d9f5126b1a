import { readFileSync } from 'node:fs';

/** Every page, out of the tables that the app and the operator's bundle route by, so that none is left out. */

const ROUTES = /\{\s*path: '([^']+)',(?:\s*who: '(anyone|member)',)?/g;

export type ListedPage = { path: string; who: 'anyone' | 'member' | 'operator' };

/** Pages without script that the gateway writes itself. */
const PLAIN_PAGES = ['/', '/status', '/docs'];

export function listPages(): ListedPage[] {
  const plain = PLAIN_PAGES.map((path): ListedPage => ({ path, who: 'anyone' }));
  const routed = ['routes.tsx', 'operator/operator-routes.tsx'].flatMap((name) => {
    const text = readFileSync(new URL(`../../../packages/web/src/${name}`, import.meta.url), 'utf8');
    const found = [...text.matchAll(ROUTES)].map(([, path = '', who]): ListedPage => {
      return { path, who: who === 'anyone' || who === 'member' ? who : 'operator' };
    });
    // A table that is written another way must not pass as one without pages.
    if (found.length !== text.split('lazy(() =>').length - 1)
      throw new Error(`${name}: not every page was found`);
    return found;
  });
  return [...plain, ...routed];
}
