/** Two models: one of played nodes, one of the real demo engine. */
export const CHAOS_CONFIG = `
brand: { name: Chaos, key_prefix: chaos }
accounts: { welcome_usd: 0 }
trust: { canaries: false }
limits: { requests_per_minute: 100000, concurrency: 1000, account_concurrency: 1000, queue_wait_seconds: 20, queue_depth: 1000 }
pools:
  fakes: {}
  demo: {}
models:
  - id: echo
    context_tokens: 8192
    max_output_tokens: 2048
    price: { credits: 8 }
    routes: [{ pool: fakes, model: small }]
  - id: demo
    context_tokens: 1024
    max_output_tokens: 400
    price: { credits: 8 }
    routes: [{ pool: demo, model: mote-chat }]
`;

/** What a whole answer of either model costs, micro-dollars. */
export const PRICE_MICROS = 80_000;

/** Stands in every prompt and answer, and must stand nowhere on the disk. */
export const MARKER = 'zq7chaos';
