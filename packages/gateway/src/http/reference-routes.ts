import type { FastifyRequest } from 'fastify';
import { openApiDocument } from '../api-reference/document.ts';
import { apiReferencePage } from '../api-reference/page.ts';
import { sendPage } from './pages.ts';
import type { RouteRow } from './routes.ts';

export type ReferenceOptions = {
  title: string;
  version: string;
  /** Where clients reach this server, as seen from this request. */
  baseUrl: (request: FastifyRequest) => string;
};

/** The API's description, for programs and for people. Both are made anew for each reader: they are rarely read. */
export function referenceRoutes({ title, version, baseUrl }: ReferenceOptions): RouteRow[] {
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
  ];
}
