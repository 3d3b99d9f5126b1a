/**
 * Nodes are found by the group that they stand in: a pool of the configuration, or the private nodes of one account.
 * Pools are named with letters, digits and dashes, so the two never meet.
 */
export function privateNodesOf(accountId: string): string {
  return `@${accountId}`;
}
