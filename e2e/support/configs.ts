/** Configurations of the whole-product tests. Prices are such that sums are easy to check by eye. */

export const DEMO_CONFIG = `
brand: { name: Test, key_prefix: test }
accounts: { welcome_usd: 0 }
limits: { requests_per_minute: 100000, concurrency: 1000, account_concurrency: 1000, queue_wait_seconds: 60, queue_depth: 1000 }
pools:
  demo: {}
models:
  - id: demo
    aliases: [mote]
    context_tokens: 1024
    max_output_tokens: 400
    capabilities: { tools: true, thinking: true }
    price: { credits: 8 }
    routes: [{ pool: demo, model: mote-chat }]
    variants:
      - { id: demo-think, settings: { reasoning_effort: medium }, price: { credits: 12 } }
  - id: demo-metered
    context_tokens: 1024
    max_output_tokens: 400
    capabilities: { tools: true, thinking: true }
    price: { per_million_usd: { input: 1, cached_input: 0.1, output: 4 } }
    routes: [{ pool: demo, model: mote-chat }]
  - id: elsewhere
    context_tokens: 1024
    max_output_tokens: 400
    price: { credits: 8 }
    routes: [{ pool: demo, model: nobody-serves-this }]
`;

/** The same with pictures. */
export const IMAGE_CONFIG = `${DEMO_CONFIG}
  - id: demo-image
    kind: image
    safe_output: true
    price: { credits: 18 }
    routes: [{ pool: demo, model: demo-image@1 }]
`;

/** One model at an OpenAI-compatible provider on this machine. */
export function upstreamConfig(port: number, price = '{ credits: 8 }'): string {
  return `
brand: { name: Test, key_prefix: test }
accounts: { welcome_usd: 0 }
limits: { requests_per_minute: 100000, concurrency: 1000, account_concurrency: 1000 }
upstreams:
  provider:
    kind: openai-compatible
    base_url: http://127.0.0.1:${port}/v1
    allow_private_addresses: true
models:
  - id: resold
    context_tokens: 8192
    max_output_tokens: 1024
    capabilities: { tools: true, vision: true, json_schema: true }
    price: ${price}
    routes: [{ upstream: provider, model: provider-model }]
`;
}

/** One model of played nodes, whose alias is `small`. They are not tested: their engines only repeat. */
export const FAKE_CONFIG = `
brand: { name: Test, key_prefix: test }
trust: { canaries: false }
accounts: { welcome_usd: 0 }
limits: { requests_per_minute: 100000, concurrency: 1000, account_concurrency: 1000, queue_wait_seconds: 20, queue_depth: 1000 }
pools:
  fakes: {}
models:
  - id: echo
    context_tokens: 8192
    max_output_tokens: 2048
    price: { credits: 8 }
    routes: [{ pool: fakes, model: small }]
`;
