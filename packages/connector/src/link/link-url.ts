import { LINK_PATH } from '@switchyard/protocol/link/close-codes.ts';

const SCHEMES: Record<string, string> = { 'http:': 'ws:', 'https:': 'wss:', 'ws:': 'ws:', 'wss:': 'wss:' };

/**
 * The address of the node link at a gateway given as http(s):// or ws(s)://, with or without a path before it.
 * Throws an error that a person can read when it is no such address, or holds a user, a query or a fragment: the
 * token travels in a header and nowhere else.
 */
export function linkUrl(gatewayUrl: string): string {
  const url = URL.canParse(gatewayUrl) ? new URL(gatewayUrl) : undefined;
  const scheme = url === undefined ? undefined : SCHEMES[url.protocol];
  if (url === undefined || scheme === undefined) {
    throw new Error('The gateway address must start with http://, https://, ws:// or wss://.');
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new Error('The gateway address must not hold a user, a query or a fragment.');
  }
  const path = url.pathname.replace(/\/+$/, '');
  return `${scheme}//${url.host}${path.endsWith(LINK_PATH) ? path : path + LINK_PATH}`;
}
