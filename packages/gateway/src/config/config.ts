import type { Capabilities, ModelSettings, Route } from '../catalog/model.ts';
import type { DatedPrice } from '../catalog/price-version.ts';
import type { Dialect } from '../core/attempt.ts';
import type { LogLevel } from '../core/errors.ts';
import type { Micros } from '../core/money.ts';
import type { Secret } from './secret.ts';

/**
 * The configuration as the program uses it: camelCase, every default filled in, every number with its unit in its
 * name, references to secrets resolved, deeply frozen. `schema.ts` describes the file that it is read from.
 */
export type Config = {
  brand: BrandConfig;
  server: ServerConfig;
  /** `dir` is an absolute path. */
  data: { dir: string };
  /** Given once to each new account. */
  accounts: {
    welcomeMicros: Micros;
    /** Below this an account's balance counts as low. 0: never. */
    lowBalanceMicros: Micros;
    /** Ways to add credit that people are shown. */
    topUps: readonly ('usdc' | 'card')[];
  };
  people: PeopleConfig;
  /** Receipts and charges that are older become sums. Undefined: never. */
  ledger: { rollupAfterDays: number | undefined };
  /** How long what nodes earn stays pending: of nodes on probation, and of all others. */
  earnings: { maturityMs: number; probationMs: number };
  trust: TrustConfig;
  /** `minAgentVersion`: the oldest connector that is taken. */
  nodes: { minAgentVersion: string };
  limits: LimitsConfig;
  routing: RoutingConfig;
  pools: readonly PoolConfig[];
  upstreams: readonly UpstreamConfig[];
  models: readonly ModelConfig[];
  /** What a request to any account's own deployment costs. */
  deployments: { prices: PriceList };
  safety: SafetyConfig;
  logging: { level: LogLevel | 'silent' };
};

/** Keys of accounts look like `sk-<keyPrefix>-...`. */
export type BrandConfig = { name: string; keyPrefix: string };

export type ServerConfig = {
  host: string;
  /** 0 lets the operating system choose. */
  port: number;
  /** How clients reach this server, without a slash at the end. Undefined: as host and port say. */
  publicUrl: string | undefined;
  /** Addresses and CIDR blocks whose `x-forwarded-for` is believed. */
  trustedProxies: readonly string[];
  chatBodyMaxBytes: number;
  /** How long a stopping server still takes requests while it says that it is not ready. */
  drainDelayMs: number;
  /** How long a stopping server lets running requests end. */
  drainMs: number;
  /** `token`: what a scraper must send; undefined: only programs on this machine are answered. */
  metrics: { enabled: boolean; token: Secret | undefined };
};

/** People who sign in with a browser. */
export type PeopleConfig = {
  signUp: 'open' | 'invite' | 'closed';
  requireVerifiedEmail: boolean;
  sessionMs: number;
  /** Welcome credits for people of one network address in 24 hours. */
  freeCreditsPerAddress: number;
  /** In small letters. Subdomains count. */
  refusedEmailDomains: readonly string[];
  /** Signs sessions. Undefined: the one of the data folder. */
  secret: Secret | undefined;
  wallet: boolean;
  oauth: readonly OauthConfig[];
  smtp: SmtpConfig | undefined;
};

/** `discoveryUrl` undefined: `name` is `github` or `google`, which the program knows. */
export type OauthConfig = {
  name: string;
  discoveryUrl: string | undefined;
  clientId: string;
  clientSecret: Secret;
};

export type SmtpConfig = {
  host: string;
  port: number;
  security: 'starttls' | 'tls' | 'none';
  username: string | undefined;
  password: Secret | undefined;
  from: string;
};

/** Defaults for keys that have no limit of their own, and the bounds of the wait for a free target. */
export type LimitsConfig = {
  /** Per key. */
  requestsPerMinute: number;
  /** Requests of one key that may run at once. */
  concurrency: number;
  /** Requests of all keys of one account that may run at once. */
  accountConcurrency: number;
  /** How long a request may wait for a free slot. 0: not at all. */
  queueWaitMs: number;
  /** Requests that may wait for one model at once. */
  queueDepth: number;
};

export type TrustConfig = {
  /** When a node of somebody else is verified. */
  promotion: { jobs: number; hours: number };
  canaries: boolean;
  /** Where owners of nodes object to a sanction. */
  contact: string | undefined;
};

export type PoolConfig = { name: string; description: string };

export type UpstreamConfig = {
  name: string;
  kind: 'openai' | 'openai-compatible' | 'anthropic';
  /** What it speaks itself. Requests of other dialects are translated to the first. */
  dialects: readonly Dialect[];
  /** Without a slash at the end: `https://api.openai.com/v1`. */
  baseUrl: string;
  /** Empty: the upstream takes no key, or it is not enabled. In the order of the file. */
  apiKeys: readonly ApiKeyConfig[];
  /** False: it is optional and all its secrets are missing. Its routes are skipped, its models are unavailable. */
  enabled: boolean;
  /** Sent with each request. Names are in lower case. */
  headers: readonly { name: string; value: string }[];
  connectTimeoutMs: number;
  /** From the start of the request to the first part of a streamed answer. */
  firstByteTimeoutMs: number;
  /** Silence inside a streamed answer. */
  stallTimeoutMs: number;
  /** From the start of the request to the end of an answer that is not streamed. */
  replyTimeoutMs: number;
  /** True: any address. A list: these blocks besides public addresses. False: public addresses only. */
  allowPrivateAddresses: boolean | readonly string[];
  /** What happens to the upstream's request when the client leaves. */
  onDisconnect: 'cancel' | 'drain';
  maxTokensField: 'max_tokens' | 'max_completion_tokens';
  /** Whether clients may use what the provider bills beside tokens or at a higher rate. */
  allowPaidExtras: boolean;
  /** What the provider charges, by its names of the models. */
  costs: readonly { remoteModel: string; prices: PriceList }[];
};

/** `name` says which key it is, for logs: its environment variable, or the name of its file. */
export type ApiKeyConfig = { name: string; secret: Secret };

/** What is checked of pictures. `classifier` undefined: nothing can look at them. */
export type SafetyConfig = {
  classifier: ClassifierConfig | undefined;
  /** Within 24 hours. 0: never. */
  suspendAfterBlocks: number;
};

export type ClassifierConfig = { timeoutMs: number } & (
  | { kind: 'http'; url: string; token: Secret | undefined }
  /** `folder`: where the packages are installed. */
  | { kind: 'nsfwjs'; folder: string }
  | { kind: 'onnx'; folder: string; onnx: OnnxConfig }
);

/** A model file, and how it wants to be asked. */
export type OnnxConfig = {
  file: string;
  /** Width and height of its input, in pixels. */
  side: number;
  layout: 'nchw' | 'nhwc';
  mean: readonly [number, number, number];
  std: readonly [number, number, number];
  adultOutputs: readonly number[];
  outputs: 'logits' | 'probabilities';
};

/** How often a request is tried, and when failing upstreams are left out. */
export type RoutingConfig = {
  retry: {
    /** Tries of one request at all its targets, before its first content. */
    attempts: number;
    /** After so long no new try begins. */
    budgetMs: number;
    /** Tries again of one request at one upstream. */
    sameUpstream: number;
    /** Tries again at an upstream, as a share of its requests. */
    sharePercent: number;
  };
  breaker: { failures: number; openMs: number; maxOpenMs: number };
};

/** Strictly rising; the first one holds since ever (`fromMs` is -Infinity). */
export type PriceList = readonly [DatedPrice, ...DatedPrice[]];

/** A model as the file has it, its variants inside. `catalog/` makes models of both. */
export type ModelConfig = {
  id: string;
  kind: 'text' | 'image';
  /** Of image models: its pictures need not be looked at. */
  safeOutput: boolean;
  aliases: readonly string[];
  displayName: string;
  description: string;
  ownedBy: string;
  /** Tokens of input and output together. 0 for image models. */
  contextTokens: number;
  /** 0 for image models. */
  maxOutputTokens: number;
  capabilities: Capabilities;
  prices: PriceList;
  routes: readonly Route[];
  /** Of each charge, what the owner of the node earns, in basis points. */
  nodeShareBps: number;
  continueElsewhere: boolean;
  hidden: boolean;
  settings: ModelSettings;
  variants: readonly VariantConfig[];
};

/** What a variant has of its own; all else is its model's. `settings` are already merged over its model's. */
export type VariantConfig = {
  id: string;
  aliases: readonly string[];
  displayName: string;
  description: string;
  settings: ModelSettings;
  prices: PriceList;
  maxOutputTokens: number;
};

/** Where a value came from. Environment variables are meant by name. */
export type ValueSource =
  | { kind: 'default' }
  | { kind: 'file'; line: number }
  | { kind: 'environment'; name: string }
  | { kind: 'command-line' };

/** One leaf of the effective configuration, in the file's own words: `server.port`, `models[0].price.credits`. */
export type EffectiveValue = {
  path: string;
  /** Plain JSON. The text of a secret is replaced by `***` before it gets here. */
  value: unknown;
  source: ValueSource;
};

/** What is wrong with the configuration. No part of it repeats a value that could be a secret. */
export type ConfigProblem = {
  /** Where: the file's name, `environment NAME`, or `command line`. */
  origin: string;
  /** Counted from 1. Undefined outside the file. */
  line: number | undefined;
  column: number | undefined;
  /** The key at fault: `upstreams.main.base_url`. Empty for the document as a whole. */
  path: string;
  reason: string;
  /** What would be right. */
  allowed: string | undefined;
};

export type LoadedConfig = {
  config: Config;
  /** The file that was read. */
  file: string;
  /** Every leaf with its source, in the order of the schema. */
  effective: readonly EffectiveValue[];
  /** Things that work but are likely not meant. */
  warnings: readonly ConfigProblem[];
};

/** `switchyard.yaml:12:5: server.port: must be at most 65535 (allowed: a whole number from 0 to 65535)`. */
export function formatProblem(problem: ConfigProblem): string {
  const position = problem.line === undefined ? '' : `:${problem.line}:${problem.column ?? 1}`;
  const path = problem.path === '' ? '' : ` ${problem.path}:`;
  const allowed = problem.allowed === undefined ? '' : ` (allowed: ${problem.allowed})`;
  return `${problem.origin}${position}:${path} ${problem.reason}${allowed}`;
}
