import { resolve } from 'node:path';
import type { ModelSettings, Route } from '../catalog/model.ts';
import type { Dialect } from '../core/attempt.ts';
import type {
  ClassifierConfig,
  Config,
  ModelConfig,
  RoutingConfig,
  SafetyConfig,
  ServerConfig,
  TrustConfig,
  UpstreamConfig,
  VariantConfig,
} from './config.ts';
import { sizeInBytes } from './fields.ts';
import { buildPeople } from './build-people.ts';
import { toCosts, toPrices, usdToMicros } from './prices.ts';
import type { FindList } from './prices.ts';
import type { ConfigFile, ModelFile, UpstreamFile } from './schema.ts';
import { API_KEY_FIELDS, secretFor, secretsBelow } from './secrets.ts';
import type { ResolvedSecret } from './secrets.ts';

export type BuildOptions = {
  secrets: readonly ResolvedSecret[];
  /** The folder that the file's relative paths start from. */
  folder: string;
  /** The folder that `data.dir` starts from. */
  dataFolder: string;
};

/** Turns a file that passed schema and rules into the configuration of the program. Deeply frozen. */
export function buildConfig(file: ConfigFile, options: BuildOptions): Config {
  return deepFreeze<Config>({
    brand: { name: file.brand.name, keyPrefix: file.brand.key_prefix },
    server: buildServer(file, options),
    data: { dir: resolve(options.dataFolder, file.data.dir) },
    accounts: {
      welcomeMicros: usdToMicros(file.accounts.welcome_usd),
      lowBalanceMicros: usdToMicros(file.accounts.low_balance_usd),
      topUps: [...new Set(file.accounts.top_ups)],
    },
    people: buildPeople(file, options.secrets),
    ledger: {
      rollupAfterDays: file.ledger.rollup_after_days === 0 ? undefined : file.ledger.rollup_after_days,
    },
    earnings: {
      maturityMs: file.earnings.maturity_hours * HOUR_MS,
      probationMs: file.earnings.probation_hours * HOUR_MS,
    },
    trust: buildTrust(file),
    nodes: { minAgentVersion: file.nodes.min_agent_version },
    limits: {
      requestsPerMinute: file.limits.requests_per_minute,
      concurrency: file.limits.concurrency,
      accountConcurrency: file.limits.account_concurrency,
      queueWaitMs: secondsToMs(file.limits.queue_wait_seconds),
      queueDepth: file.limits.queue_depth,
    },
    routing: buildRouting(file),
    pools: Object.entries(file.pools).map(([name, pool]) => ({ name, description: pool.description })),
    upstreams: Object.entries(file.upstreams).map(([name, upstream]) =>
      buildUpstream(name, upstream, options),
    ),
    models: file.models.map((model) => buildModel(model, file)),
    deployments: { prices: toPrices(file.deployments.price, () => undefined) },
    safety: buildSafety(file, options),
    logging: { level: file.logging.level },
  });
}

function buildServer(file: ConfigFile, options: BuildOptions): ServerConfig {
  const { server } = file;
  return {
    host: server.host,
    port: server.port,
    publicUrl: server.public_url === undefined ? undefined : withoutSlash(server.public_url),
    trustedProxies: [...server.trusted_proxies],
    chatBodyMaxBytes: sizeInBytes(server.chat_body_max_bytes) ?? 0,
    drainDelayMs: server.drain_delay_ms,
    drainMs: secondsToMs(server.drain_seconds),
    metrics: {
      enabled: server.metrics.enabled,
      token: secretFor(options.secrets, ['server', 'metrics', 'token']),
    },
  };
}

function buildSafety(file: ConfigFile, options: BuildOptions): SafetyConfig {
  return {
    classifier: buildClassifier(file, options),
    suspendAfterBlocks: file.safety.suspend_after_blocks,
  };
}

/** `rules.ts` has checked that each type has what it needs. */
function buildClassifier({ safety }: ConfigFile, options: BuildOptions): ClassifierConfig | undefined {
  const { classifier } = safety;
  if (classifier === undefined) return undefined;
  const { type, url = '', onnx } = classifier;
  const timeoutMs = classifier.timeout_ms;
  if (type === 'http') {
    return {
      kind: type,
      url,
      token: secretFor(options.secrets, ['safety', 'classifier', 'token']),
      timeoutMs,
    };
  }
  const folder = resolve(options.folder, classifier.folder);
  if (type === 'nsfwjs') return { kind: type, folder, timeoutMs };
  if (onnx === undefined) return undefined;
  const { side, layout, mean, std, outputs } = onnx;
  const file = resolve(options.folder, onnx.file);
  return {
    kind: type,
    folder,
    onnx: { file, side, layout, mean, std, adultOutputs: onnx.adult_outputs, outputs },
    timeoutMs,
  };
}

const HOUR_MS = 3_600_000;

function buildTrust({ trust }: ConfigFile): TrustConfig {
  return {
    promotion: { jobs: trust.promotion_jobs, hours: trust.promotion_hours },
    canaries: trust.canaries,
    contact: trust.contact,
  };
}

function buildRouting({ routing: { retry, breaker } }: ConfigFile): RoutingConfig {
  return {
    retry: {
      attempts: retry.attempts,
      budgetMs: retry.budget_ms,
      sameUpstream: retry.same_upstream,
      sharePercent: retry.share_percent,
    },
    breaker: { failures: breaker.failures, openMs: breaker.open_ms, maxOpenMs: breaker.max_open_ms },
  };
}

/** What a kind of provider is when the file does not say. */
const KIND_DEFAULTS: Record<UpstreamConfig['kind'], { baseUrl: string; dialects: readonly Dialect[] }> = {
  openai: { baseUrl: 'https://api.openai.com/v1', dialects: ['responses', 'chat-completions'] },
  // The rules have checked that the file has an address.
  'openai-compatible': { baseUrl: '', dialects: ['chat-completions'] },
  anthropic: { baseUrl: 'https://api.anthropic.com', dialects: ['messages'] },
};

function buildUpstream(name: string, file: UpstreamFile, options: BuildOptions): UpstreamConfig {
  const apiKeys = secretsBelow(options.secrets, ['upstreams', name]);
  const wantsKey = API_KEY_FIELDS.some((field) => file[field] !== undefined);
  const privateAddresses = file.allow_private_addresses;
  return {
    name,
    kind: file.kind,
    baseUrl: withoutSlash(file.base_url ?? KIND_DEFAULTS[file.kind].baseUrl),
    dialects: file.dialects ?? KIND_DEFAULTS[file.kind].dialects,
    apiKeys,
    enabled: !wantsKey || apiKeys.length > 0,
    headers: Object.entries(file.headers).map(([header, value]) => ({ name: header.toLowerCase(), value })),
    connectTimeoutMs: file.connect_timeout_ms,
    firstByteTimeoutMs: file.first_byte_timeout_ms,
    stallTimeoutMs: file.stall_timeout_ms,
    replyTimeoutMs: file.reply_timeout_ms,
    allowPrivateAddresses: typeof privateAddresses === 'boolean' ? privateAddresses : [...privateAddresses],
    onDisconnect: file.on_disconnect,
    maxTokensField: file.kind === 'openai' ? 'max_completion_tokens' : file.max_tokens_field,
    allowPaidExtras: file.allow_paid_extras,
    costs: Object.entries(file.price_list).map(([remoteModel, list]) => ({
      remoteModel,
      prices: toCosts(list, file.price_list_discount_percent),
    })),
  };
}

function buildModel(file: ModelFile, { brand, upstreams }: ConfigFile): ModelConfig {
  const findList: FindList = (upstream) => {
    const route = file.routes.find((candidate) => candidate.upstream === upstream);
    const lists = new Map(Object.entries(upstreams[upstream]?.price_list ?? {}));
    return route === undefined ? undefined : lists.get(route.model ?? file.id);
  };
  const image = file.kind === 'image';
  const settings = toSettings(file.settings);
  const maxOutputTokens = image ? 0 : (file.max_output_tokens ?? 0);
  return {
    id: file.id,
    kind: file.kind,
    safeOutput: file.safe_output,
    aliases: [...file.aliases],
    displayName: file.display_name ?? file.id,
    description: file.description,
    ownedBy: file.owned_by ?? brand.name,
    contextTokens: image ? 0 : (file.context_tokens ?? 0),
    maxOutputTokens,
    capabilities: {
      tools: file.capabilities.tools,
      vision: file.capabilities.vision,
      thinking: file.capabilities.thinking,
      jsonSchema: file.capabilities.json_schema,
    },
    prices: toPrices(file.price, findList),
    routes: file.routes.map((route) => toRoute(route, file.id)),
    nodeShareBps: file.node_share_bps,
    continueElsewhere: file.continue_elsewhere,
    hidden: file.hidden,
    settings,
    variants: file.variants.map((variant): VariantConfig => ({
      id: variant.id,
      aliases: [...variant.aliases],
      displayName: variant.display_name ?? variant.id,
      description: variant.description ?? file.description,
      settings: { ...settings, ...toSettings(variant.settings) },
      prices: toPrices(variant.price, findList),
      maxOutputTokens: image ? 0 : (variant.max_output_tokens ?? maxOutputTokens),
    })),
  };
}

function toSettings(file: ModelFile['settings']): ModelSettings {
  return file.reasoning_effort === undefined ? {} : { reasoningEffort: file.reasoning_effort };
}

/** The rules have checked that a route has exactly one of pool and upstream. */
function toRoute(file: ModelFile['routes'][number], modelId: string): Route {
  const remoteModel = file.model ?? modelId;
  if (file.pool !== undefined) return { kind: 'pool', pool: file.pool, remoteModel };
  return { kind: 'upstream', upstream: file.upstream ?? '', remoteModel };
}

function secondsToMs(seconds: number): number {
  return Math.round(seconds * 1000);
}

function withoutSlash(address: string): string {
  return address.replace(/\/+$/, '');
}

/** Freezes plain objects and lists all the way down. */
export function deepFreeze<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const inner of Object.values(value)) deepFreeze(inner);
  return value;
}
