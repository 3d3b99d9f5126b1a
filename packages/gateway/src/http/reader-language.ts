import type { FastifyReply, FastifyRequest } from 'fastify';
import { readLanguage, type Language } from '../api-reference/code-examples.ts';

const YEAR_SECONDS = 31_536_000;

/** In which language a reader wants examples: as the address says, which a cookie then remembers; curl at first. */
export function languageOf(request: FastifyRequest, reply: FastifyReply): Language {
  const asked = readLanguage(queryText(request, 'lang'));
  if (asked !== undefined) {
    void reply.header('set-cookie', `lang=${asked}; Path=/; Max-Age=${YEAR_SECONDS}; SameSite=Lax`);
    return asked;
  }
  return readLanguage(/(?:^|;\s*)lang=(\w+)/.exec(request.headers.cookie ?? '')?.[1]) ?? 'curl';
}

/** A parameter of the address; empty when it is not there, or there twice. */
export function queryText({ query }: FastifyRequest, name: string): string {
  if (typeof query !== 'object' || query === null) return '';
  const value: unknown = Object.entries(query).find(([key]) => key === name)?.[1];
  return typeof value === 'string' ? value : '';
}
