import { RECORD_TYPES } from '../../packages/protocol/src/link/frame.ts';
import type { LinkRecord } from '../../packages/protocol/src/link/frame.ts';
import { openRawLink, type RawLink } from '../../packages/gateway/src/testing/raw-link.ts';
import { capabilitiesOf, modelOf, type RawNode } from '../../packages/gateway/src/testing/raw-node.ts';
import { parseChat } from '../../packages/connector/src/link/parse-chat.ts';
import { promptOf } from '../../packages/gateway/src/testing/fake-node.ts';
import { wordsFor } from './answers.ts';
import type { Lie } from './fake-modes.ts';

const T = RECORD_TYPES;

/** A node that begins each answer well and then breaks the protocol. Resolves when the gateway has closed it. */
export async function lieOnce(port: number, token: string, lie: Lie): Promise<RawLink> {
  const bodies = new Map<number, Buffer[]>();
  let at = 0;
  const link = await openRawLink(port, token, () => {
    for (; at < link.node.received.length; at += 1) take(link.node.received[at]);
  });

  function take(record: LinkRecord | undefined): void {
    if (record === undefined) return;
    const { node } = link;
    if (record.type === T.ping) node.send(node.record(T.pong, 0, record.body));
    if (record.type === T.cancel) node.send(node.record(T.cancelled, record.stream));
    if (record.type !== T.data) return;
    const chunks = bodies.get(record.stream) ?? [];
    bodies.set(record.stream, chunks);
    chunks.push(Buffer.from(record.body));
    const chat = parseChat(Buffer.concat(chunks));
    if (chat !== undefined) answer(node, { stream: record.stream, prompt: promptOf(chat), lie });
  }

  link.node.hello();
  link.node.capabilities(capabilitiesOf([modelOf({ slots: 8 })], 8));
  return link;
}

/** Half of the right answer, all of it for `lies-late`, and then the lie. */
function answer(node: RawNode, { stream, prompt, lie }: { stream: number; prompt: string; lie: Lie }): void {
  const words = wordsFor(prompt);
  const said = lie === 'lies-late' ? words : words.slice(0, Math.ceil(words.length / 2));
  node.send(node.record(T.accept, stream));
  for (const text of said) node.send(node.part(stream, { type: 'text-delta', text }));
  const more = () => node.part(stream, { type: 'text-delta', text: 'LIE ' });
  switch (lie) {
    case 'lies-garbage':
      return node.send(node.record(T.data, stream, Buffer.from('{"type":"text-del')));
    case 'lies-replay': {
      const last = more();
      return node.send({ ...last, seq: last.seq - 1 });
    }
    case 'lies-skip': {
      const last = more();
      return node.send({ ...last, seq: last.seq + 1 });
    }
    case 'lies-unfinished':
      return node.send(node.record(T.finish, stream));
    case 'lies-late':
      node.send(node.part(stream, { type: 'finish', reason: 'stop' }), node.record(T.finish, stream));
      return node.send(more(), node.record(T.finish, stream));
  }
}
