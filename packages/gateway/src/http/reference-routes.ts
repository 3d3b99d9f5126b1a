import type { FastifyReply, FastifyRequest } from 'fastify';
import { openApiDocument } from '../api-reference/document.ts';
import { apiReferencePage } from '../api-reference/page.ts';
import { fault } from '../core/errors.ts';
import { htmlDocument } from '../core/html.ts';
import { sendFault } from './errors.ts';
import type { Handbook } from './handbook.ts';
import { sendPage } from './pages.ts';
import type { RouteRow } from './routes.ts';
import { wildcard } from './wildcard.ts';

export type ReferenceOptions = {
  title: string;
  version: string;
  /** Where clients reach this server, as seen from this request. */
  baseUrl: (request: FastifyRequest) => string;
};

/**
 * The API's description for programs and for people, made anew for each reader, and the handbook of this version under
 * `/docs`.
 */
export function referenceRoutes({ title, version, baseUrl }: ReferenceOptions): RouteRow[] {
  let handbook: Promise<Handbook> | undefined;
  async function sendGuide(name: string, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    // Loaded for the first reader, with what it renders with.
    handbook ??= import('./handbook.ts').then(({ openHandbook }) => openHandbook());
    const page = (await handbook).page(name);
    if (page === undefined) return sendFault(reply, request.id, fault('not_found'));
    const text = htmlDocument({ title: `${page.title} · ${title}`, brand: title, main: page.html });
    sendPage(request, reply, text);
  }

  return [
    {
      method: 'GET',
      path: '/openapi.json',
      handler: (request, reply) => {
        // Public by nature, so a web page may read it too.
        void reply
          .header('access-control-allow-origin', '*')
          .send(openApiDocument({ title, version, baseUrl: baseUrl(request) }));
      },
    },
    {
      method: 'GET',
      path: '/docs/api',
      handler: (request, reply) =>
        sendPage(request, reply, apiReferencePage({ title, baseUrl: baseUrl(request) })),
    },
    { method: 'GET', path: '/docs', handler: (request, reply) => sendGuide('README', request, reply) },
    {
      method: 'GET',
      path: '/docs/guide/*',
      handler: (request, reply) => sendGuide(wildcard(request), request, reply),
    },
  ];
}
