import type { CapabilityModel } from '@switchyard/protocol/link/capabilities.ts';
import type { NodeFacts } from '../catalog/deployment.ts';

/** What some nodes can do with one model, all of them together: each request goes to one that can do what it needs. */
export function factsOf(offers: readonly CapabilityModel[]): NodeFacts | undefined {
  if (offers.length === 0) return undefined;
  const can = (name: 'tools' | 'vision' | 'thinking' | 'jsonSchema') => offers.some((offer) => offer[name]);
  return {
    contextTokens: Math.max(...offers.map(({ contextTokens }) => contextTokens)),
    maxOutputTokens: Math.max(
      ...offers.map(({ contextTokens, maxOutputTokens }) => Math.min(contextTokens, maxOutputTokens)),
    ),
    capabilities: {
      tools: can('tools'),
      vision: can('vision'),
      thinking: can('thinking'),
      jsonSchema: can('jsonSchema'),
    },
  };
}
