import type { FastifyRequest } from 'fastify';

/** What stands in the address where the route has its `*`; empty where it has none. */
export function wildcard({ params }: Pick<FastifyRequest, 'params'>): string {
  return typeof params === 'object' && params !== null && '*' in params ? String(params['*']) : '';
}
