import type { AttemptFault } from '../../core/attempt.ts';
import type { UpstreamCause } from '../transport/fault-causes.ts';

/**
 * What a failed try says about whom, and what may be done next. Being wrong here either takes a working provider away
 * from everyone, or hammers one that is down, so each cause stands in the table by itself.
 */
export type CauseRule = {
  /**
   * `reach`: the provider as a whole, since its server was not reached. `model`: this model of it. `key`: our key there.
   * `key-model`: our key with this model. `rate`: our key, for a moment. `nobody`: the request, or nothing certain.
   */
  about: 'reach' | 'model' | 'key' | 'key-model' | 'rate' | 'nobody';
  /** `next-key`: at once, with another key. `again`: after a short pause, with any key. `no`: on to the next route. */
  next: 'next-key' | 'again' | 'no';
};

const RULES: Readonly<Record<UpstreamCause, CauseRule>> = {
  connect: { about: 'reach', next: 'again' },
  'connect-timeout': { about: 'reach', next: 'no' },
  dns: { about: 'reach', next: 'again' },
  tls: { about: 'reach', next: 'no' },
  'address-refused': { about: 'reach', next: 'no' },
  // A provider that restarts, or a connection that it closed while it was idle.
  reset: { about: 'model', next: 'again' },
  // We closed it ourselves: the gateway stops.
  closed: { about: 'nobody', next: 'no' },
  protocol: { about: 'model', next: 'no' },
  // The client has waited for long already.
  timeout: { about: 'model', next: 'no' },
  stall: { about: 'model', next: 'no' },
  redirect: { about: 'model', next: 'no' },
  encoding: { about: 'model', next: 'no' },
  auth: { about: 'key', next: 'next-key' },
  // Providers say 403 to a key without this model, and routers also to single prompts.
  forbidden: { about: 'key-model', next: 'next-key' },
  // Routers also say 402 to a single request that is too dear for what is left.
  credits: { about: 'key', next: 'next-key' },
  'not-found': { about: 'nobody', next: 'no' },
  'http-408': { about: 'model', next: 'no' },
  'http-409': { about: 'nobody', next: 'no' },
  'http-4xx': { about: 'nobody', next: 'no' },
  'http-429': { about: 'rate', next: 'next-key' },
  'http-5xx': { about: 'model', next: 'again' },
  refused: { about: 'nobody', next: 'no' },
  'too-large': { about: 'nobody', next: 'no' },
  'context-length': { about: 'nobody', next: 'no' },
  'content-policy': { about: 'nobody', next: 'no' },
  truncated: { about: 'model', next: 'again' },
  'bad-reply': { about: 'model', next: 'no' },
  'bad-event': { about: 'model', next: 'no' },
  // How long an answer becomes is up to the client.
  'event-too-large': { about: 'nobody', next: 'no' },
  'reply-too-large': { about: 'nobody', next: 'no' },
  // Providers that are overloaded often say so in a stream that began with 200.
  'error-in-reply': { about: 'model', next: 'again' },
  // Nothing was asked.
  resting: { about: 'nobody', next: 'no' },
};

const RULE_OF: ReadonlyMap<string, CauseRule> = new Map(Object.entries(RULES));
const ABOUT_NOBODY: CauseRule = { about: 'nobody', next: 'no' };
const GATEWAY_TIMEOUT: CauseRule = { about: 'model', next: 'no' };

/** The rule for a fault. What the request itself is to blame for says nothing about the provider. */
export function ruleOf({ blame, cause, code }: AttemptFault): CauseRule {
  if (blame === 'request') return ABOUT_NOBODY;
  const rule = RULE_OF.get(cause) ?? ABOUT_NOBODY;
  // 504: something before the provider's model has waited for long already.
  return code === 'upstream_timeout' && rule.next === 'again' ? GATEWAY_TIMEOUT : rule;
}
