import type { FastifyReply, FastifyRequest } from 'fastify';
import { openApiDocument } from '../api-reference/document.ts';
import { apiReferencePage } from '../api-reference/page.ts';
import { fault } from '../core/errors.ts';
import { htmlDocument } from '../core/html.ts';
import { sendFault } from './errors.ts';
import type { Handbook } from './handbook.ts';
import { handbookAddress, handbookNav, pageContents, searchPage } from './handbook-nav.ts';
import { sendNotFoundPage, wantsPage } from './not-found-page.ts';
import { sendPage } from './pages.ts';
import { languageOf, queryText } from './reader-language.ts';
import { remembered } from './remembered.ts';
import type { RouteRow } from './routes.ts';
import { wildcard } from './wildcard.ts';

/** A longer question is cut. */
const QUESTION_MAX_CHARS = 100;

export type ReferenceOptions = {
  title: string;
  version: string;
  /** Where clients reach this server, as seen from this request. */
  baseUrl: (request: FastifyRequest) => string;
};

/**
 * The API's description for programs and for people, made for its first reader, and the handbook of this version under
 * `/docs`.
 */
export function referenceRoutes({ title, version, baseUrl }: ReferenceOptions): RouteRow[] {
  const openApi = remembered((address: string) =>
    JSON.stringify(openApiDocument({ title, version, baseUrl: address })),
  );
  const reference = remembered((asked: Omit<Parameters<typeof apiReferencePage>[0], 'title'>) =>
    apiReferencePage({ ...asked, title }),
  );
  let opened: Promise<Handbook> | undefined;
  // Loaded for the first reader, with what it renders with.
  const handbook = () => (opened ??= import('./handbook.ts').then(({ openHandbook }) => openHandbook()));
  async function sendGuide(name: string, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const book = await handbook();
    const page = book.page(name);
    if (page === undefined) {
      if (wantsPage(request)) sendNotFoundPage(request, reply, title);
      else sendFault(reply, request.id, fault('not_found'));
      return;
    }
    const main = page.html.replace('</h1>\n', (end) => end + pageContents(book.sections(name)));
    const aside = handbookNav(book.titles(), handbookAddress(name));
    const pageTitle = `${page.title} · ${title}`;
    sendPage(request, reply, htmlDocument({ title: pageTitle, brand: title, main, aside, here: '/docs' }));
  }
  async function sendSearch(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const book = await handbook();
    const question = queryText(request, 'q').slice(0, QUESTION_MAX_CHARS);
    const main = searchPage(book.search(question), question);
    const aside = handbookNav(book.titles(), '/docs/search', question);
    sendPage(
      request,
      reply,
      htmlDocument({ title: `Search · ${title}`, brand: title, main, aside, here: '/docs' }),
    );
  }
  async function sendReference(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const language = languageOf(request, reply);
    const aside = handbookNav((await handbook()).titles(), '/docs/api');
    sendPage(request, reply, reference({ baseUrl: baseUrl(request), language, aside }));
  }

  return [
    {
      method: 'GET',
      path: '/openapi.json',
      handler: (request, reply) => {
        // Public by nature, so a web page may read it too.
        void reply
          .header('access-control-allow-origin', '*')
          .header('content-type', 'application/json; charset=utf-8')
          .send(openApi(baseUrl(request)));
      },
    },
    { method: 'GET', path: '/docs/api', handler: sendReference },
    { method: 'GET', path: '/docs/search', handler: sendSearch },
    { method: 'GET', path: '/docs', handler: (request, reply) => sendGuide('README', request, reply) },
    {
      method: 'GET',
      path: '/docs/guide/*',
      handler: (request, reply) => sendGuide(wildcard(request), request, reply),
    },
  ];
}
