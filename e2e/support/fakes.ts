import { readFileSync } from 'node:fs';
import { callGateway } from '../../packages/gateway/src/admin/admin-client.ts';
import type { NewNodeView } from '../../packages/gateway/src/admin/nodes.ts';
import type { NodeView } from '../../packages/gateway/src/admin/views.ts';
import type { Gateway } from './gateway.ts';

/** What tests with many played nodes ask a gateway, without a process for each question. */

/** Registers nodes of the operator. Resolves with their tokens. */
export async function addNodes(gateway: Gateway, pool: string, count: number): Promise<string[]> {
  const tokens: string[] = [];
  for (let at = 0; at < count; at += 1)
    tokens.push((await ask<NewNodeView>(gateway, 'node.add', { name: `fake-${at}`, pool })).token);
  return tokens;
}

export async function nodesOf(gateway: Gateway): Promise<NodeView[]> {
  return (await ask<{ nodes: NodeView[] }>(gateway, 'node.list', {})).nodes;
}

async function ask<Value>(gateway: Gateway, name: 'node.add' | 'node.list', input: object): Promise<Value> {
  const reply = await callGateway(gateway.dataDir, name, input);
  if (!reply.ok) throw new Error(`${name}: ${JSON.stringify(reply.error)}`);
  return reply.value as Value;
}

/** The sum of a metric over its labels. */
export async function metricOf(gateway: Gateway, name: string): Promise<number> {
  const reply = await fetch(`http://127.0.0.1:${gateway.port}/metrics`);
  const lines = (await reply.text()).split('\n').filter((line) => line.startsWith(name));
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

/** Memory that the gateway's process holds, MiB. */
export function residentMib(gateway: Gateway): number {
  const status = readFileSync(`/proc/${gateway.child.pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) / 1024;
}

/** Starts a chat request. `prompt` is what the played node hears. */
export function postChat(
  gateway: Gateway,
  key: string,
  prompt: string,
  extra: object = {},
): Promise<Response> {
  return fetch(`${gateway.baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'echo', messages: [{ role: 'user', content: prompt }], ...extra }),
  });
}
