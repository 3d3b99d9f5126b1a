import type { FastifyReply, FastifyRequest } from 'fastify';
import { htmlDocument } from '../core/html.ts';
import { sendPage } from './pages.ts';

/** Where programs ask, whatever they say that they take. */
const PROGRAMS = /^\/(?:v1|api|assets|node)(?:\/|$)/;

/** Whether it is a person with a browser who asks for a page. */
export function wantsPage(request: FastifyRequest): boolean {
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  return isRead && !PROGRAMS.test(request.url) && (request.headers.accept ?? '').includes('text/html');
}

/** 404 as a page. The address is not shown: anybody can write one. */
export function sendNotFoundPage(request: FastifyRequest, reply: FastifyReply, brand: string): void {
  const main = `<h1>There is no such page</h1>
<p>The address may be mistyped, or the page was taken away.</p>
<p><a href="/">Start page</a>, <a href="/app">dashboard</a>, <a href="/docs">documentation</a></p>`;
  sendPage(request, reply.code(404), htmlDocument({ title: `Not found · ${brand}`, brand, main }));
}
