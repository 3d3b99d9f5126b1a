import { CONNECTOR_VERSION } from '@switchyard/connector/version.ts';
import { openTrust } from '../admin/open-trust.ts';
import { systemRandom } from '../core/clock.ts';
import { createFleet } from '../fleet/create-fleet.ts';
import { createCanaryRunner } from '../fleet/trust/canary-runner.ts';
import type { Base } from './base.ts';
import type { Stores } from './stores.ts';

export type Nodes = Awaited<ReturnType<typeof openNodes>>;

/** The nodes that connect, what is thought of them, and the test jobs that they get. */
export async function openNodes({ config, clock, log, closers }: Base, stores: Stores) {
  const { directory } = stores.registry;
  const trust = await openTrust({
    clock,
    log,
    store: stores.trust,
    directory,
    ledger: stores.ledger,
    promotion: config.trust.promotion,
    maturityMs: config.earnings.maturityMs,
    contact: config.trust.contact,
    disconnect: (nodeId, because) => fleet.disconnect(nodeId, 'suspended', because),
    tellReduced: (nodeId, reduced) => fleet.tell(nodeId, { reduced }),
  });
  closers.add(() => trust.close());
  const fleet = createFleet({
    clock,
    random: systemRandom,
    authenticateNode(token) {
      const owner = directory.authenticateNode(token);
      if (typeof owner !== 'object') return owner;
      const suspendedBecause = trust.banNotice(owner.nodeId);
      return suspendedBecause === undefined ? owner : { suspendedBecause };
    },
    weightOf: (nodeId) => trust.book.standing(nodeId).weight,
    noticeFor(nodeId) {
      const reduced = trust.reducedNotice(nodeId);
      return reduced === undefined ? undefined : { reduced };
    },
    newestAgent: CONNECTOR_VERSION,
    config: config.nodes,
    log,
  });
  closers.add(() => fleet.close());
  // Hears of free slots before the queue does, so that a node with a full queue is tested, too.
  const canaries = config.trust.canaries
    ? createCanaryRunner({ clock, random: systemRandom, fleet, book: trust.book })
    : undefined;
  closers.add(() => canaries?.close());
  return { trust, fleet, canaries };
}
