import { isIP } from 'node:net';
import { Pool, buildConnector } from 'undici';
import { addressRefused, createAddressFilter, filteredLookup } from './address-filter.ts';

export type PoolOptions = {
  /** Scheme, host and port. */
  origin: string;
  connectTimeoutMs: number;
  /** Which addresses besides those on the public internet may be connected to: all, none, or CIDR blocks. */
  allowPrivateAddresses: boolean | readonly string[];
};

/**
 * The connections to one origin. There is no cap on them: one abandoned stream must never hold up another request.
 * HTTP/1.1 only, so that a cancelled request closes its own connection and nobody else's. Time limits other than
 * connecting are kept by `Deadlines`. Redirects are not followed: undici leaves them to the caller.
 */
export function createPool({ origin, connectTimeoutMs, allowPrivateAddresses }: PoolOptions): Pool {
  const isAllowed = createAddressFilter(allowPrivateAddresses);
  const lookup = allowPrivateAddresses === true ? {} : { lookup: filteredLookup(isAllowed) };
  const connect = buildConnector({ timeout: connectTimeoutMs, allowH2: false, ...lookup });
  return new Pool(origin, {
    pipelining: 1,
    allowH2: false,
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: (options, callback) => {
      // Node asks no resolver for a literal address.
      if (isIP(options.hostname) !== 0 && !isAllowed(options.hostname)) callback(addressRefused(), null);
      else connect(options, callback);
    },
  });
}
