import type { ApiKeyConfig, Config, UpstreamConfig } from '../config/config.ts';
import type { Clock, RandomSource } from '../core/clock.ts';
import type { Upstream as RoutedUpstream } from '../routing/target.ts';
import { createAnthropicUpstream } from './anthropic/upstream.ts';
import { createOpenAiCompatibleUpstream } from './openai-compatible/upstream.ts';
import { createOpenAiResponsesUpstream } from './openai-responses/upstream.ts';
import type { HealthStatus } from './resilience/health.ts';
import { createResilientUpstream, type ResilienceObserver } from './resilience/resilient-upstream.ts';
import type { Upstream } from './shared/upstream.ts';
import { combineDialects } from './shared/upstream.ts';

export type OpenedUpstream = RoutedUpstream & { status(): HealthStatus };

type Parts = {
  clock: Clock;
  random: RandomSource;
  observerOf(upstream: string): ResilienceObserver;
};

/** Every upstream of the configuration that is not switched off, by its name. */
export function openUpstreams(
  config: Pick<Config, 'upstreams' | 'routing'>,
  parts: Parts,
): Map<string, OpenedUpstream> {
  const enabled = config.upstreams.filter((upstream) => upstream.enabled);
  return new Map(
    enabled.map((upstream) => [upstream.name, openUpstream(upstream, config.routing, parts)] as const),
  );
}

function openUpstream(
  upstream: UpstreamConfig,
  { retry, breaker }: Config['routing'],
  { clock, random, observerOf }: Parts,
): OpenedUpstream {
  const withKey = (key: ApiKeyConfig | undefined) => ({
    name: key?.name ?? '',
    upstream: connectUpstream(upstream, key, clock),
  });
  const [first, ...others] = upstream.apiKeys;
  const resilient = createResilientUpstream({
    keys: [withKey(first), ...others.map(withKey)],
    retry,
    breaker,
    clock,
    random,
    observer: observerOf(upstream.name),
  });
  const costs = new Map(upstream.costs.map(({ remoteModel, prices }) => [remoteModel, prices]));
  return {
    ...resilient,
    onDisconnect: upstream.onDisconnect,
    costAt: (remoteModel, atMs) => costs.get(remoteModel)?.findLast(({ fromMs }) => fromMs <= atMs)?.price,
  };
}

/** The adapter of the upstream's kind for one of its keys, with connections of its own. */
function connectUpstream(upstream: UpstreamConfig, apiKey: ApiKeyConfig | undefined, clock: Clock): Upstream {
  const options = {
    name: upstream.name,
    baseUrl: upstream.baseUrl,
    ...(apiKey === undefined ? {} : { apiKey: apiKey.secret.reveal() }),
    headers: Object.fromEntries(upstream.headers.map(({ name, value }) => [name, value])),
    timeouts: {
      connectMs: upstream.connectTimeoutMs,
      firstPartMs: upstream.firstByteTimeoutMs,
      stallMs: upstream.stallTimeoutMs,
      wholeReplyMs: upstream.replyTimeoutMs,
    },
    allowPrivateAddresses: upstream.allowPrivateAddresses,
    clock,
  };
  if (upstream.kind === 'anthropic') {
    return createAnthropicUpstream({ ...options, allowPaidExtras: upstream.allowPaidExtras });
  }
  const speakers = upstream.dialects.map((dialect) =>
    dialect === 'responses'
      ? createOpenAiResponsesUpstream({ ...options, allowPaidExtras: upstream.allowPaidExtras })
      : createOpenAiCompatibleUpstream({
          ...options,
          maxTokensField: upstream.maxTokensField,
          ...(upstream.kind === 'openai' ? { extraFields: paidFields(upstream), keepsAnswers: true } : {}),
          relayErrors: true,
        }),
  );
  return combineDialects(upstream.name, speakers);
}

/** OpenAI refuses every field that it does not know, so those of local engines are not for it. */
function paidFields({ allowPaidExtras }: UpstreamConfig): readonly string[] {
  return allowPaidExtras ? ['service_tier', 'web_search_options'] : [];
}
