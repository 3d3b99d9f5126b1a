import { execFile } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { docBlocks } from '../../support/doc-blocks.ts';
import type { Brain } from '../../support/provider/brain.ts';
import { startProvider, type Provider } from '../../support/provider/server.ts';
import { startGateway } from '../../support/gateway.ts';
import { temporaryFolder } from '../../support/processes.ts';

/** The model of the pages in docs/clients. The others are the same with another provider behind. */
const MODELS = ['qwen3-coder', 'resold-messages', 'resold-responses'] as const;

/** A gateway with a provider that acts like a model which knows how to use an agent's shell. */
export type Workplace = {
  origin: string;
  rich: string;
  poor: string;
  provider: Provider;
  /** What each request of the rich account did, oldest first. */
  receipts(): Promise<{ surface: string; model: string; end: string }[]>;
  /** How many requests were refused, or failed, so far. */
  failures(): Promise<number>;
};

/** Names of the tools that run a command, and of the field that has it. */
const SHELLS: Readonly<Record<string, string>> = {
  Bash: 'command',
  bash: 'command',
  exec_command: 'cmd',
  terminal: 'command',
};

/** Reads the note by the agent's own shell, then says what the agent sent back. Without tools it names the session. */
const coder: Brain = ({ tools, results }) => {
  if (results.length > 0) return { text: `The note says: ${results.join(' ')}` };
  const shell = tools.find((name) => name in SHELLS);
  if (shell === undefined) return { text: 'Reading a note' };
  const input = { [SHELLS[shell] ?? '']: 'cat note.txt', description: 'Reads the note' };
  return { reasoning: 'I should look at the note.', calls: [{ name: shell, input }] };
};

export async function startWorkplace(): Promise<Workplace> {
  const provider = await startProvider(coder);
  const gateway = await startGateway({ config: config(provider.port) });
  const rich = await gateway.customer('100');
  const poor = await gateway.customer('0');
  return {
    origin: `http://127.0.0.1:${gateway.port}`,
    rich: rich.key,
    poor: poor.key,
    provider,
    async receipts() {
      const reply = await fetch(`${gateway.baseUrl}/requests?limit=100`, {
        headers: { authorization: `Bearer ${rich.key}` },
      });
      const { data } = (await reply.json()) as { data: { surface: string; model: string; end: string }[] };
      return data.map(({ surface, model, end }) => ({ surface, model, end })).toReversed();
    },
    async failures() {
      const text = await (await fetch(`http://127.0.0.1:${gateway.port}/metrics`)).text();
      const refused = text.matchAll(/^switchyard_refused_requests_total\{[^}]*\} (\d+)$/gm);
      const failed = text.matchAll(/^switchyard_requests_total\{[^}]*end="failed"[^}]*\} (\d+)$/gm);
      return [...refused, ...failed].reduce((sum, [, count]) => sum + Number(count), 0);
    },
  };
}

function config(providerPort: number): string {
  const base = `http://127.0.0.1:${providerPort}/v1`;
  const routes = { 'qwen3-coder': 'chat', 'resold-messages': 'messages', 'resold-responses': 'responses' };
  const models = MODELS.map(
    (id) => `
  - id: ${id}
    context_tokens: 131072
    max_output_tokens: 32000
    capabilities: { tools: true, vision: true, thinking: true, json_schema: true }
    price: { credits: 1 }
    routes: [{ upstream: ${routes[id]}, model: provider-model }]`,
  );
  return `
brand: { name: Test, key_prefix: test }
accounts: { welcome_usd: 0 }
pools:
  empty: {}
upstreams:
  chat: { kind: openai-compatible, base_url: '${base}', allow_private_addresses: true }
  messages: { kind: anthropic, base_url: '${base}', allow_private_addresses: true }
  responses: { kind: openai, base_url: '${base}', allow_private_addresses: true }
models:
${models.join('')}
  - id: elsewhere
    context_tokens: 131072
    max_output_tokens: 32000
    capabilities: { tools: true }
    price: { credits: 1 }
    routes: [{ pool: empty }]
`;
}

/** What stands in a fenced block of a page of docs/clients: the nth of its language. */
export function docBlock(page: string, language: string, position = 0): string {
  const block = docBlocks(join('docs', 'clients', page), language)[position];
  if (block === undefined) throw new Error(`${page} has no ${language} block ${position}`);
  return block;
}

export type Desk = { folder: string; note: string };

/** A folder to work in, with a note in it that nobody can guess. */
export function openDesk(): Desk {
  const folder = join(temporaryFolder(), 'project');
  mkdirSync(folder);
  const note = `blue-${Math.random().toString(36).slice(2)}`;
  writeFileSync(join(folder, 'note.txt'), `${note}\n`);
  return { folder, note };
}

/** Puts a file where a page says: a path that begins with `~/` is in the agent's home. */
export function placeFile(desk: Desk, path: string, text: string): void {
  const file = join(desk.folder, path.startsWith('~/') ? join('..', 'home', path.slice(2)) : path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** An agent that hangs fails its test instead of all of them. */
const AGENT_MAX_MS = 120_000;

export type AgentRun = { code: number; output: string };

/**
 * Runs lines of a page in a shell that has nothing but a home of its own, the key, and the agent under its usual name.
 * There is no way out of the machine: what an agent asks of other hosts, it asks of a closed port.
 */
export function runAgent(
  desk: Desk,
  agent: { name: string; program: string; key: string; script: string; env?: Record<string, string> },
): Promise<AgentRun> {
  const home = join(desk.folder, '..', 'home');
  const bin = join(desk.folder, '..', 'bin');
  for (const folder of [home, bin]) mkdirSync(folder, { recursive: true });
  symlinkSync(agent.program, join(bin, agent.name));
  const closed = 'http://127.0.0.1:9';
  const env = {
    PATH: `${bin}:/usr/local/bin:/usr/bin:/bin`,
    HOME: home,
    SWITCHYARD_API_KEY: agent.key,
    HTTPS_PROXY: closed,
    HTTP_PROXY: closed,
    NO_PROXY: '127.0.0.1',
    ...agent.env,
  };
  return new Promise((resolve) => {
    const child = execFile(
      'sh',
      ['-e', '-c', agent.script],
      { cwd: desk.folder, env, timeout: AGENT_MAX_MS, killSignal: 'SIGKILL' },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
        resolve({ code, output: `${stdout}\n${stderr}` });
      },
    );
    // Some agents read a prompt from there until it ends.
    child.stdin?.end();
  });
}
