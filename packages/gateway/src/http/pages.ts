import type { FastifyReply, FastifyRequest } from 'fastify';

/** For pages without script. They load a style sheet and a picture from here and nothing from elsewhere; a form asks here. */
const PAGE_POLICY =
  "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/** For the app: its own scripts and styles only, no inline ones. `blob:` and `data:` are pictures that it made. */
const APP_POLICY = [
  "default-src 'self'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "connect-src 'self'",
  "object-src 'none'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'self'",
].join('; ');

/** Sends a page without script, in the theme that the reader chose. */
export function sendPage(request: FastifyRequest, reply: FastifyReply, html: string): void {
  send(reply, PAGE_POLICY, withTheme(request, html));
}

/** Sends the HTML of the app. It is small and names the hashed files, so it is never kept. */
export function sendAppPage(request: FastifyRequest, reply: FastifyReply, html: string): void {
  send(reply, APP_POLICY, withTheme(request, html));
}

function send(reply: FastifyReply, policy: string, html: string): void {
  void reply
    .header('content-type', 'text/html; charset=utf-8')
    .header('content-security-policy', policy)
    .header('cache-control', 'no-store')
    .header('x-content-type-options', 'nosniff')
    .header('x-frame-options', 'DENY')
    .header('referrer-policy', 'same-origin')
    .header('cross-origin-opener-policy', 'same-origin')
    .header(
      'permissions-policy',
      'camera=(), microphone=(), geolocation=(), payment=(), usb=(), publickey-credentials-get=(self), ' +
        'publickey-credentials-create=(self)',
    )
    .send(html);
}

/** The app keeps the choice in the cookie `theme`; written into the page here, nothing flashes. */
function withTheme(request: FastifyRequest, html: string): string {
  const theme = /(?:^|;\s*)theme=(light|dark)(?:;|$)/.exec(request.headers.cookie ?? '')?.[1];
  return theme === undefined
    ? html
    : html.replace('<html lang="en">', `<html lang="en" data-theme="${theme}">`);
}
