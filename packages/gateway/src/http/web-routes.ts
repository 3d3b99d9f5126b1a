import type { FastifyReply, FastifyRequest } from 'fastify';
import { fault } from '../core/errors.ts';
import { escapeHtml, htmlDocument } from '../core/html.ts';
import type { PeopleSessions } from '../people/person.ts';
import { sendFault } from './errors.ts';
import { sendAppPage, sendPage } from './pages.ts';
import type { RouteRow } from './routes.ts';
import type { WebApp, WebFile } from './web-app.ts';
import { wildcard } from './wildcard.ts';

/** Where the app takes over; what comes after is read in the browser. */
const APP_PATHS = [
  '/app',
  '/app/*',
  '/create',
  '/sign-in',
  '/sign-in/*',
  '/sign-up',
  '/verify-email',
  '/reset-password',
  '/invitation',
  '/confirm-email',
  '/operator-setup',
];
const OPERATOR_PATHS = ['/operator', '/operator/*'];

/** A hashed name never changes its content. */
const FOR_EVER = 'public, max-age=31536000, immutable';

/**
 * The web app and what the pages without script load. `brand`: the operator's name, as text. The operator's pages are for
 * operators: others are led to the sign-in, or told that there is no such page, and load none of their code.
 */
export function webRoutes(web: WebApp, brand: string, sessions: PeopleSessions): RouteRow[] {
  const page = (html: string | undefined): RouteRow['handler'] => {
    const titled = html?.replace('<title>Switchyard</title>', () => `<title>${escapeHtml(brand)}</title>`);
    return (request, reply) => {
      if (titled === undefined) sendPage(request, reply.code(503), notBuiltPage(brand));
      else sendAppPage(request, reply, titled);
    };
  };
  const row = (path: string, handler: RouteRow['handler']): RouteRow => ({ method: 'GET', path, handler });
  return [
    ...APP_PATHS.map((path) => row(path, page(web.app))),
    ...OPERATOR_PATHS.map((path) => row(path, forOperators(sessions, page(web.operator), page(web.app)))),
    row('/assets/*', (request, reply) => sendAsset(web, request, reply)),
    row('/site.css', (_request, reply) => sendBytes(reply, 'text/css; charset=utf-8', web.siteCss)),
    row('/mark.svg', (_request, reply) => sendBytes(reply, 'image/svg+xml', web.mark)),
    row('/favicon.ico', (_request, reply) => sendBytes(reply, 'image/svg+xml', web.mark)),
  ];
}

/** `other`: the page that says that there is no such page. */
function forOperators(
  sessions: PeopleSessions,
  operators: RouteRow['handler'],
  other: RouteRow['handler'],
): RouteRow['handler'] {
  return async (request, reply) => {
    const person = await sessions.read(request.headers);
    if (person === undefined) {
      const next = encodeURIComponent(request.url);
      void reply.header('cache-control', 'no-store').redirect(`/sign-in?next=${next}`);
      return;
    }
    if (person.site === 'operator') await operators(request, reply);
    else await other(request, reply.code(404));
  };
}

/** A name that is not in the list is not there, whatever it looks like. */
function sendAsset(web: WebApp, request: FastifyRequest, reply: FastifyReply): void {
  const file = web.assets.get(wildcard(request));
  if (file === undefined) {
    sendFault(reply, request.id, fault('not_found'));
    return;
  }
  const { bytes, encoding } = encodedFor(file, request.headers['accept-encoding']);
  void reply
    .header('content-type', file.contentType)
    .header('cache-control', FOR_EVER)
    .header('vary', 'accept-encoding')
    .header('x-content-type-options', 'nosniff')
    .header('cross-origin-resource-policy', 'same-origin');
  if (encoding !== undefined) void reply.header('content-encoding', encoding);
  void reply.send(bytes);
}

/** The smallest form that the browser takes. A quality of 0, which means never, no browser sends for these. */
function encodedFor(file: WebFile, accepted: string | undefined): { bytes: Buffer; encoding?: string } {
  const names = (accepted ?? '').split(',').map((name) => name.split(';', 1)[0]?.trim());
  if (file.brotli !== undefined && names.includes('br')) return { bytes: file.brotli, encoding: 'br' };
  if (file.gzip !== undefined && names.includes('gzip')) return { bytes: file.gzip, encoding: 'gzip' };
  return { bytes: file.plain };
}

function sendBytes(reply: FastifyReply, contentType: string, bytes: Buffer): void {
  void reply
    .header('content-type', contentType)
    .header('cache-control', 'public, max-age=300')
    .header('x-content-type-options', 'nosniff')
    .send(bytes);
}

function notBuiltPage(brand: string): string {
  return htmlDocument({
    title: brand,
    brand,
    main: `<h1>The web pages are not built</h1>
<p>The API works. The pages for the browser are built when the server starts with <code>npm start</code>, or by hand in
the folder of the program:</p>
<pre tabindex="0"><code>node tools/web.mjs</code></pre>
<p>Then start the server again.</p>`,
  });
}
