import { startProvider, type Provider } from '../../support/provider/server.ts';
import { startDemoConnector, startGateway } from '../../support/gateway.ts';

/**
 * A running gateway with a node that serves the demo model, a provider that does what prompts say, and customers of
 * every kind. The clients under test see nothing of it but an address and a key.
 */
export type World = {
  /** `http://127.0.0.1:PORT`, without `/v1`. */
  origin: string;
  keys: {
    rich: string;
    /** Of an account without money. */
    poor: string;
    /** Its one request of the minute is used up. */
    slow: string;
  };
  provider: Provider;
  /** Waits until nothing of the rich account is held any more, and gives the receipt of its newest request. */
  settled(): Promise<Receipt>;
  /** How many requests the gateway refused with this code so far: a client's tries show here. */
  refusals(code: string): Promise<number>;
};

type Receipt = {
  id: string;
  model: string;
  surface: string;
  end: string;
  usage: { prompt_tokens: number; completion_tokens: number };
  charged: { micros: number };
};

/** Models of the world. Each upstream model is the same script, spoken in another dialect by the provider. */
export const UPSTREAM_MODELS = ['resold-chat', 'resold-messages', 'resold-responses'] as const;

function worldConfig(providerPort: number): string {
  const capabilities = '{ tools: true, vision: true, thinking: true, json_schema: true }';
  const upstreamModels = UPSTREAM_MODELS.map(
    (id) => `
  - id: ${id}
    context_tokens: 32768
    max_output_tokens: 4096
    capabilities: ${capabilities}
    price: { per_million_usd: { input: 1, cached_input: 0.1, output: 4 } }
    routes: [{ upstream: ${id.replace('resold-', '')}, model: provider-model }]`,
  );
  const base = `http://127.0.0.1:${providerPort}/v1`;
  return `
brand: { name: Test, key_prefix: test }
accounts: { welcome_usd: 0 }
limits: { requests_per_minute: 100000, concurrency: 100, account_concurrency: 100 }
pools:
  demo: {}
upstreams:
  chat: { kind: openai-compatible, base_url: '${base}', allow_private_addresses: true }
  messages: { kind: anthropic, base_url: '${base}', allow_private_addresses: true }
  responses: { kind: openai, base_url: '${base}', allow_private_addresses: true }
models:
  - id: demo
    context_tokens: 1024
    max_output_tokens: 400
    capabilities: { tools: true, thinking: true }
    price: { credits: 1 }
    routes: [{ pool: demo, model: mote-chat }]
    variants:
      - { id: demo-think, settings: { reasoning_effort: medium }, price: { credits: 2 } }
  - id: elsewhere
    context_tokens: 1024
    max_output_tokens: 400
    price: { credits: 1 }
    routes: [{ pool: demo, model: nobody-serves-this }]
${upstreamModels.join('')}
`;
}

export async function startWorld(): Promise<World> {
  const provider = await startProvider();
  const gateway = await startGateway({ config: worldConfig(provider.port) });
  await startDemoConnector(gateway, (await gateway.node('demo')).token);
  const rich = await gateway.customer('100');
  const poor = await gateway.customer('0');
  const slow = await gateway.customer('1', ['--rpm', '1']);
  const get = async (path: string, key: string) => {
    const reply = await fetch(`${gateway.baseUrl}${path}`, { headers: { authorization: `Bearer ${key}` } });
    return reply.json();
  };
  await useUp(gateway.baseUrl, slow.key);
  return {
    origin: `http://127.0.0.1:${gateway.port}`,
    keys: { rich: rich.key, poor: poor.key, slow: slow.key },
    provider,
    async settled() {
      for (;;) {
        const { held } = (await get('/balance', rich.key)) as { held: number };
        if (held === 0) break;
      }
      const { data } = (await get('/requests?limit=1', rich.key)) as { data: Receipt[] };
      const [newest] = data;
      if (newest === undefined) throw new Error('there is no receipt');
      return newest;
    },
    async refusals(code) {
      const text = await (await fetch(`http://127.0.0.1:${gateway.port}/metrics`)).text();
      const rows = text.matchAll(/^switchyard_refused_requests_total\{([^}]*)\} (\d+)$/gm);
      let count = 0;
      for (const [, labels = '', value] of rows)
        if (labels.includes(`code="${code}"`)) count += Number(value);
      return count;
    },
  };
}

async function useUp(baseUrl: string, key: string): Promise<void> {
  const reply = await fetch(`${baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'demo', messages: [{ role: 'user', content: 'Hello!' }] }),
  });
  if (reply.status !== 200) throw new Error(`the first request got ${reply.status}`);
}
