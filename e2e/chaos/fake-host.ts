import { startFakeNode, type FakeNode } from '../../packages/gateway/src/testing/fake-node.ts';
import type { RawLink } from '../../packages/gateway/src/testing/raw-link.ts';
import { answerIn, isLie, type Mode } from './fake-modes.ts';
import { lieOnce } from './liar.ts';

/**
 * A process with several played nodes. Its arguments are `PORT:TOKEN` for each; messages of its parent say how one
 * of them behaves from now on. It ends with its parent.
 */
export type HostCommand = { node: number; mode: Mode };

type Place = {
  port: number;
  token: string;
  mode: Mode;
  honest: FakeNode | undefined;
  liar: RawLink | undefined;
};

const places = process.argv.slice(2).map((argument): Place => {
  const [port = '', token = ''] = argument.split(':');
  return { port: Number(port), token, mode: 'honest', honest: undefined, liar: undefined };
});

function stay(place: Place): void {
  place.honest ??= startFakeNode({
    gatewayUrl: `http://127.0.0.1:${place.port}`,
    token: place.token,
    slots: 8,
    answer: (prompt) => answerIn(place.mode, prompt),
  });
}

/** Leaves, and comes back as a liar until the gateway throws it out. */
async function lie(place: Place): Promise<void> {
  const { mode } = place;
  if (!isLie(mode) || place.liar !== undefined) return;
  place.honest?.close();
  place.honest = undefined;
  place.liar = await lieOnce(place.port, place.token, mode);
  await place.liar.closed;
  place.liar = undefined;
  stay(place);
}

function change({ node, mode }: HostCommand): void {
  const place = places[node];
  if (place === undefined) return;
  place.mode = mode;
  if (isLie(mode)) void lie(place);
  else place.liar?.cut();
}

for (const place of places) stay(place);
process.on('message', (message) => change(message as HostCommand));
process.on('disconnect', () => process.exit());
console.log('ready');
