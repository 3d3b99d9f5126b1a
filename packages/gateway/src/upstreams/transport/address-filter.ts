import type { LookupAddress, LookupOptions } from 'node:dns';
import { lookup as systemLookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { BlockList, isIP } from 'node:net';
import { ADDRESS_REFUSED } from './transport-fault.ts';

type Range = [network: string, prefix: number];

/** Everything that is not the public internet. Source: IANA special-purpose address registries, read 2026-11-20. */
const IPV4_RANGES: readonly Range[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
];

/** The ranges that carry an IPv4 address inside (mapped, NAT64, 6to4, Teredo) are refused as a whole. */
const IPV6_RANGES: readonly Range[] = [
  ['::', 96],
  ['::ffff:0:0', 96],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
  ['5f00::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
];

/**
 * One list for each version: in a common one, the range of mapped addresses would match every IPv4 address, because
 * `BlockList` compares those in their mapped form.
 */
type Ranges = { ipv4: BlockList; ipv6: BlockList };

const PRIVATE: Ranges = { ipv4: new BlockList(), ipv6: new BlockList() };
for (const [network, prefix] of IPV4_RANGES) PRIVATE.ipv4.addSubnet(network, prefix, 'ipv4');
for (const [network, prefix] of IPV6_RANGES) PRIVATE.ipv6.addSubnet(network, prefix, 'ipv6');

/** Whether a socket may be opened to an address. False for anything that is no address. */
export type AddressFilter = (address: string) => boolean;

/**
 * The addresses that an upstream may have: those on the public internet, and of the others the blocks in `allowed`
 * (`10.1.0.0/16`, already checked), or all with `true`.
 */
export function createAddressFilter(allowed: boolean | readonly string[]): AddressFilter {
  if (allowed === true) return () => true;
  const exceptions: Ranges = { ipv4: new BlockList(), ipv6: new BlockList() };
  for (const block of allowed === false ? [] : allowed) {
    const [network = '', prefix] = block.split('/');
    const family = familyOf(network) ?? 'ipv4';
    const wholeAddress = family === 'ipv4' ? 32 : 128;
    exceptions[family].addSubnet(network, prefix === undefined ? wholeAddress : Number(prefix), family);
  }
  return (address) => {
    const family = familyOf(address);
    if (family === undefined) return false;
    return !PRIVATE[family].check(address, family) || exceptions[family].check(address, family);
  };
}

function familyOf(address: string): 'ipv4' | 'ipv6' | undefined {
  const version = isIP(address);
  if (version === 0) return undefined;
  return version === 4 ? 'ipv4' : 'ipv6';
}

export function addressRefused(): NodeJS.ErrnoException {
  return Object.assign(new Error('the address is not allowed'), { code: ADDRESS_REFUSED });
}

/**
 * A resolver for sockets that fails unless every address of a name is allowed. It runs at each connect, so a name that
 * changes its mind later is caught too, and the addresses it checked are the ones that the socket uses.
 */
export function filteredLookup(
  isAllowed: AddressFilter,
  resolve: typeof systemLookup = systemLookup,
): LookupFunction {
  return (hostname, options, callback) => {
    const all: LookupOptions & { all: true } = { ...options, all: true };
    resolve(hostname, all, (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => {
      const first = addresses?.[0];
      if (error !== null) callback(error, '', 0);
      else if (first === undefined || !addresses.every((one) => isAllowed(one.address))) {
        callback(addressRefused(), '', 0);
      } else if (options.all === true) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}
