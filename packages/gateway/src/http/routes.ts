import type { FastifyReply, FastifyRequest } from 'fastify';
import { viewModel, type ModelNow } from '../catalog/model-view.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { Model } from '../catalog/model.ts';
import type { Config } from '../config/config.ts';
import { fault } from '../core/errors.ts';
import { isThisMachine } from '../core/this-machine.ts';
import { creditsNumber, usdNumber } from '../core/money.ts';
import { ok } from '../core/result.ts';
import type { TextSurface, TokenCountSurface } from '../core/surface.ts';
import type { InferenceDeps } from '../inference/deps.ts';
import { serveTokenCount } from '../inference/count-tokens.ts';
import type { ModelDirectory } from '../inference/model-directory.ts';
import type { ImageDeps } from '../inference/image-deps.ts';
import { serveText } from '../inference/serve-text.ts';
import type { Balance } from '../ledger/ledger.ts';
import type { Metrics } from '../observe/metrics.ts';
import { callerWithScope } from './caller.ts';
import { earningsRoutes, type EarningsRoutesDeps } from './earnings-routes.ts';
import { sendFault } from './errors.ts';
import type { Gate } from '../people/gate.ts';
import { exchangeOf, type InferenceRow } from './inference-row.ts';
import { imageRoutes } from './image-routes.ts';
import { landingPage } from './landing-page.ts';
import { allModels, pageOfModels } from './models-page.ts';
import { sendPage } from './pages.ts';
import { peopleRoutes } from './people-routes.ts';
import { languageOf } from './reader-language.ts';
import { referenceRoutes } from './reference-routes.ts';
import type { PeopleSessions } from '../people/person.ts';
import { receiptRoutes, type ReceiptRoutesDeps } from './receipt-routes.ts';
import { storedResponseRoutes } from './stored-responses.ts';
import type { WebApp } from './web-app.ts';
import { webRoutes } from './web-routes.ts';
import { statusRoute, type StatusSources } from './status-route.ts';
import { wildcard } from './wildcard.ts';

export type RouteRow = {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  handler: (request: FastifyRequest, reply: FastifyReply) => void | Promise<void>;
  /** Absent: what is taken in from everybody; see `body-intake.ts`. */
  bodyMaxBytes?: number;
  /** Of a route that takes large bodies: who sends one, by the headers alone. Any id; undefined: nobody it lets in. */
  sender?: (request: FastifyRequest) => string | undefined;
};

export type AnyRow = RouteRow | InferenceRow;

export type RoutesDeps = {
  /** Of this program. */
  version: string;
  /** Whether load balancers should send requests. */
  isReady(): boolean;
  config: Config;
  catalog: Catalog;
  models: Pick<ModelDirectory, 'listModels' | 'resolveModel'>;
  inference: InferenceDeps;
  images: ImageDeps;
  metrics: Metrics;
  textSurfaces: readonly { path: string; surface: TextSurface }[];
  tokenCounters: readonly { path: string; surface: TokenCountSurface }[];
  earnings: Omit<EarningsRoutesDeps, 'inference'>;
  receipts: Omit<ReceiptRoutesDeps, 'inference' | 'catalog'>;
  gate: Gate;
  status: StatusSources;
  web: WebApp;
  sessions: PeopleSessions;
};

/** The flat table of every route. Rows under `/v1/` are served under `/api/v1/` too. */
export function routeTable(deps: RoutesDeps): AnyRow[] {
  const { inference, config } = deps;
  const { clock } = inference;
  const large = {
    bodyMaxBytes: config.server.chatBodyMaxBytes,
    sender: (request: FastifyRequest) => senderOf(inference, request),
  };
  return [
    ...deps.textSurfaces.map(({ path, surface }): InferenceRow => {
      const serve: InferenceRow['serve'] = (arrival) =>
        serveText(inference, surface, exchangeOf(clock, arrival));
      return { method: 'POST', path, ...large, serve };
    }),
    ...deps.tokenCounters.map(({ path, surface }): InferenceRow => {
      const serve: InferenceRow['serve'] = (arrival) =>
        serveTokenCount(inference, surface, exchangeOf(clock, arrival));
      return { method: 'POST', path, ...large, serve };
    }),
    ...imageRoutes(deps.images),
    ...storedResponseRoutes(),
    { method: 'GET', path: '/v1/models', handler: (request, reply) => listModels(deps, request, reply) },
    { method: 'GET', path: '/v1/models/*', handler: (request, reply) => showModel(deps, request, reply) },
    { method: 'GET', path: '/v1/balance', handler: (request, reply) => showBalance(deps, request, reply) },
    ...receiptRoutes({ ...deps.receipts, inference: deps.inference, catalog: deps.catalog }),
    ...earningsRoutes({ ...deps.earnings, inference: deps.inference }),
    ...referenceRoutes({
      title: deps.config.brand.name,
      version: deps.version,
      baseUrl: (request) => baseUrlOf(deps.config, request),
    }),
    ...peopleRoutes(deps.gate),
    { method: 'GET', path: '/healthz', handler: (_request, reply) => void reply.send({ status: 'ok' }) },
    { method: 'GET', path: '/readyz', handler: (_request, reply) => readiness(deps, reply) },
    { method: 'GET', path: '/metrics', handler: (request, reply) => scrape(deps, request, reply) },
    statusRoute(deps.status, {
      brand: deps.config.brand.name,
      version: deps.version,
      clock: deps.inference.clock,
      isReady: deps.isReady,
      isLedgerHealthy: () => deps.inference.ledger.healthy(),
    }),
    ...webRoutes(deps.web, deps.config.brand.name, deps.sessions),
    { method: 'GET', path: '/', handler: (request, reply) => sendLandingPage(deps, request, reply) },
  ];
}

/** The account that pays, for a caller with a valid key. */
function senderOf(
  { addressGuard, authenticate }: InferenceDeps,
  { ip, raw }: FastifyRequest,
): string | undefined {
  if (!addressGuard.allows(ip)) return undefined;
  const caller = authenticate(raw.rawHeaders);
  return caller.ok ? caller.value.account.id : undefined;
}

function listModels(deps: RoutesDeps, request: FastifyRequest, reply: FastifyReply): void {
  const caller = callerWithScope(deps.inference, 'read', request, reply);
  if (caller === undefined) return;
  const data = deps.models
    .listModels(caller.key)
    .map((model) => viewModel(model, modelState(deps.inference, model, caller.account.id)));
  // Only Anthropic's clients know pages, and they send this header with every request.
  const isPaged = request.headers['anthropic-version'] !== undefined;
  const page = isPaged ? pageOfModels(data, request.query) : ok(allModels(data));
  if (page.ok) void reply.send(page.value);
  else sendFault(reply, request.id, page.error);
}

function showModel(deps: RoutesDeps, request: FastifyRequest, reply: FastifyReply): void {
  const caller = callerWithScope(deps.inference, 'read', request, reply);
  if (caller === undefined) return;
  const model = deps.models.resolveModel(caller.key, wildcard(request));
  if (!model.ok) {
    sendFault(reply, request.id, fault(model.error, { param: 'model' }));
    return;
  }
  void reply.send(viewModel(model.value, modelState(deps.inference, model.value, caller.account.id)));
}

/** What a model's view needs to know of the present. */
function modelState({ router, queue, clock }: InferenceDeps, model: Model, accountId?: string): ModelNow {
  return {
    available: router.availability(model, accountId).available,
    expectedWaitSeconds: router.expectedWaitSeconds(model, queue.waiting(model), accountId),
    nowMs: clock.nowMs(),
  };
}

/**
 * All numbers in credits ($0.01), but `usd`. `credits` and `usd` are what can be spent now; `held` is not in them, but in
 * its kind. `next_expiry`: the next part of the balance that ends, or null.
 */
function showBalance(deps: RoutesDeps, request: FastifyRequest, reply: FastifyReply): void {
  const caller = callerWithScope(deps.inference, 'read', request, reply);
  if (caller === undefined) return;
  const balance = deps.inference.ledger.balance(caller.account.id);
  void reply.send({
    object: 'balance',
    credits: creditsNumber(balance.availableMicros),
    usd: usdNumber(balance.availableMicros),
    held: creditsNumber(balance.heldMicros),
    low: balance.availableMicros < deps.inference.lowBalanceMicros,
    kinds: {
      paid: creditsNumber(balance.paidMicros),
      promo: creditsNumber(balance.promoMicros),
      allowance: creditsNumber(balance.allowanceMicros),
    },
    next_expiry: expiryView(balance.nextExpiry),
    total_deposited: creditsNumber(balance.depositedMicros),
    total_spent: creditsNumber(balance.spentMicros),
  });
}

function expiryView(expiry: Balance['nextExpiry']): { at: string; credits: number; kind: string } | null {
  if (expiry === undefined) return null;
  const at = new Date(expiry.atMs).toISOString();
  return { at, credits: creditsNumber(expiry.amountMicros), kind: expiry.balance };
}

/** Ready: takes requests and can record charges. A load balancer should ask this one. */
function readiness({ isReady, inference }: RoutesDeps, reply: FastifyReply): void {
  const accepting = isReady();
  const ledger = inference.ledger.healthy();
  void reply.code(accepting && ledger ? 200 : 503).send({
    status: accepting && ledger ? 'ready' : 'not-ready',
    accepting,
    ledger: ledger ? 'ok' : 'failed',
  });
}

/** With a token: whoever sends it. Without: only programs on this machine that come without a proxy. */
function scrape(deps: RoutesDeps, request: FastifyRequest, reply: FastifyReply): void {
  const { enabled, token } = deps.config.server.metrics;
  const allowed =
    token === undefined
      ? isLocal(request)
      : token.matches((request.headers.authorization ?? '').slice('Bearer '.length));
  if (!enabled || !allowed) {
    sendFault(reply, request.id, fault('not_found'));
    return;
  }
  deps.metrics.registry.metrics().then(
    (text) => void reply.header('content-type', deps.metrics.registry.contentType).send(text),
    () => sendFault(reply, request.id, fault('internal_error')),
  );
}

function isLocal(request: FastifyRequest): boolean {
  const address = request.raw.socket.remoteAddress ?? '';
  const local = address === '::1' || address.startsWith('127.') || address.startsWith('::ffff:127.');
  const { headers } = request;
  const isProxied =
    headers['x-forwarded-for'] !== undefined ||
    headers['x-real-ip'] !== undefined ||
    headers['forwarded'] !== undefined;
  // A page whose host name was made to lead here asks under that name.
  return local && !isProxied && isThisMachine(request.hostname);
}

function baseUrlOf(config: Config, request: FastifyRequest): string {
  return config.server.publicUrl ?? `http://localhost:${request.raw.socket.localPort}`;
}

function sendLandingPage(deps: RoutesDeps, request: FastifyRequest, reply: FastifyReply): void {
  const baseUrl = baseUrlOf(deps.config, request);
  const models = deps.catalog
    .listModels(undefined)
    .map((model) => viewModel(model, modelState(deps.inference, model)));
  sendPage(
    request,
    reply,
    landingPage({
      brand: deps.config.brand.name,
      keyPrefix: deps.config.brand.keyPrefix,
      models,
      baseUrl,
      language: languageOf(request, reply),
    }),
  );
}
