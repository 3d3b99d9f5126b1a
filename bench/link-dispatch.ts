import type { NodeIdentity } from '../packages/gateway/src/fleet/fleet.ts';
import { capabilitiesOf, modelOf } from '../packages/gateway/src/testing/raw-node.ts';
import { attemptRequestOf } from '../packages/gateway/src/testing/recording-sink.ts';
import {
  createSessionBench,
  IDENTITY,
  settle,
  wantOf,
} from '../packages/gateway/src/testing/session-setup.ts';
import { median } from './measure.ts';

const nodeCount = 1_000;
const modelCount = 50;
const warmUpPicks = 5_000;
/** The middle of so many rounds counts: other work on the machine costs processor cache. */
const roundCount = 10;
const picks = 2_000;
const promptChars = 1_000;

export type DispatchFigures = { modelsPerNode: number; nodesPerModel: number; microsPerPick: number };

/** How much CPU the choice of a node takes, with 1 000 nodes and 50 models in all, of which each node offers some. */
export async function measureDispatch(modelsPerNode: number): Promise<DispatchFigures> {
  const bench = createSessionBench();
  for (let at = 0; at < nodeCount; at += 1) {
    const identity: NodeIdentity = { ...IDENTITY, nodeId: `node_${at}`, name: `node-${at}` };
    const { node } = bench.connect(identity);
    const models = Array.from({ length: modelsPerNode }, (_, offset) =>
      modelOf({
        alias: `model-${(at + offset) % modelCount}`,
        speed: { promptTokensPerSecond: 500, outputTokensPerSecond: 40 + (at % 20) },
      }),
    );
    node.hello();
    node.capabilities(capabilitiesOf(models));
  }
  await settle();
  const { chat } = attemptRequestOf('x'.repeat(promptChars));
  const pick = (at: number): void => {
    const slot = bench.registry.acquire(wantOf({ model: `model-${at % modelCount}`, chat }));
    if (typeof slot === 'string') throw new Error(`no slot: ${slot}`);
    slot.release();
  };
  for (let at = 0; at < warmUpPicks; at += 1) pick(at);
  const rounds = Array.from({ length: roundCount }, () => {
    const before = process.cpuUsage();
    for (let at = 0; at < picks; at += 1) pick(at);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / picks;
  });
  const microsPerPick = median(rounds);
  return { modelsPerNode, nodesPerModel: (nodeCount * modelsPerNode) / modelCount, microsPerPick };
}
