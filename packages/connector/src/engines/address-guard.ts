import type { LookupAddress } from 'node:dns';
import { lookup as systemLookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { BlockList, isIP } from 'node:net';

/** The connection was not made, because the address is further away than the owner allowed. */
export class RefusedAddressError extends Error {
  constructor(allowLan: boolean) {
    super(
      allowLan
        ? "The engine's address is neither on this machine nor in a private network."
        : "The engine's address is not on this machine; set allow_lan if it is in your own network.",
    );
    this.name = 'RefusedAddressError';
  }
}

const THIS_MACHINE = new BlockList();
THIS_MACHINE.addSubnet('127.0.0.0', 8, 'ipv4');
THIS_MACHINE.addAddress('::1', 'ipv6');

/**
 * Private networks (RFC 1918, RFC 6598 as overlay networks use it, RFC 4193) and IPv6 link-local. The IPv4
 * link-local range is left out: cloud machines hand out credentials there.
 */
const PRIVATE_NETWORKS = new BlockList();
PRIVATE_NETWORKS.addSubnet('10.0.0.0', 8, 'ipv4');
PRIVATE_NETWORKS.addSubnet('172.16.0.0', 12, 'ipv4');
PRIVATE_NETWORKS.addSubnet('192.168.0.0', 16, 'ipv4');
PRIVATE_NETWORKS.addSubnet('100.64.0.0', 10, 'ipv4');
PRIVATE_NETWORKS.addSubnet('fc00::', 7, 'ipv6');
PRIVATE_NETWORKS.addSubnet('fe80::', 10, 'ipv6');

/** True when the connector may connect to this IP address. Mapped IPv4 addresses count as what they map to. */
export function isAllowedAddress(address: string, allowLan: boolean): boolean {
  const version = isIP(address);
  if (version === 0) return false;
  const family = version === 4 ? 'ipv4' : 'ipv6';
  return THIS_MACHINE.check(address, family) || (allowLan && PRIVATE_NETWORKS.check(address, family));
}

/** A host as it stands in a URL: an IP address is judged at once, a name when it is resolved. */
export function isAllowedHost(hostname: string, allowLan: boolean): boolean {
  const bare = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
  return isIP(bare) === 0 || isAllowedAddress(bare, allowLan);
}

type AllLookup = (
  hostname: string,
  options: { all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/**
 * A `lookup` for `http.request` that gives only allowed addresses. The check is made on the very addresses
 * that the socket connects to, so a name that resolves differently a moment later gains nothing.
 */
export function guardedLookup(allowLan: boolean, lookup: AllLookup = systemLookup): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      const allowed = (addresses ?? []).filter(({ address }) => isAllowedAddress(address, allowLan));
      const first = allowed[0];
      if (error !== null) callback(error, '');
      else if (first === undefined) callback(new RefusedAddressError(allowLan), '');
      else if (options.all === true) callback(null, allowed);
      else callback(null, first.address, first.family);
    });
  };
}
