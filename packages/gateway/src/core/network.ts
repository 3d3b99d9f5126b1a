/**
 * What is counted as one place on the network: an IPv4 address, or the first 64 bits of an IPv6 address, since a
 * household or a rented machine has that many. `::ffff:1.2.3.4` is an IPv4 address.
 */
export function networkOf(address: string): string {
  return prefixOf(address, 4);
}

/**
 * What one customer of a network can have for the asking: an IPv4 address, or the first 48 bits of an IPv6 address, in
 * which there are 65 536 networks. For what costs money.
 */
export function customerOf(address: string): string {
  return prefixOf(address, 3);
}

/** @param groups of 16 bits of an IPv6 address */
function prefixOf(address: string, groups: number): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined || !address.includes(':')) return mapped ?? address;
  const [head = '', tail] = address.toLowerCase().split('%', 1)[0]?.split('::') ?? [];
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length);
  return [...left, ...Array.from({ length: zeros }, () => '0'), ...right].slice(0, groups).join(':');
}
