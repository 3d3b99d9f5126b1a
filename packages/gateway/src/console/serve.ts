import type { FastifyReply, FastifyRequest } from 'fastify';
import type { AdminContext } from '../admin/context.ts';
import { errorRow, fault, faultMessage, type Fault } from '../core/errors.ts';
import { errorFields, type Log } from '../core/log.ts';
import { failed, ok, type Result } from '../core/result.ts';
import type { RouteRow } from '../http/routes.ts';
import { networkOf } from '../core/network.ts';
import type { CallRate } from './call-rate.ts';
import { decideAccess } from './guard.ts';
import { type PeopleSessions, personActor } from '../people/person.ts';
import { accountCall, type ConsoleRow, CsvFile, type GuardedCall } from './row.ts';

export type ServeDeps = {
  admin: AdminContext;
  sessions: PeopleSessions;
  log: Pick<Log, 'error'>;
  /** Origins under which this gateway serves its own pages, such as `https://ai.example.com`. */
  ownOrigins(): readonly string[];
  operatorsNeedTwoFactor: boolean;
  rate: CallRate;
};

const TOO_MANY = 'Too many requests of this page. Wait a moment and try again.';

/** Bounds of one body. Nothing of the console needs more. */
const BODY_MAX_BYTES = 64 * 1024;

/** The rows of the console as rows of the server. Each passes the guard before anything of it runs. */
export function serveRows(rows: readonly ConsoleRow[], deps: ServeDeps): RouteRow[] {
  return rows.map((row) => ({
    method: row.method,
    path: row.path,
    bodyMaxBytes: BODY_MAX_BYTES,
    handler: (request, reply) => serve(row, deps, request, reply),
  }));
}

async function serve(
  row: ConsoleRow,
  deps: ServeDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  // What a person sees of an account must not stay in a cache, a proxy's or the browser's.
  void reply.header('cache-control', 'no-store').header('x-content-type-options', 'nosniff');
  try {
    const call = await enter(row, deps, request);
    if (!call.ok) return sendConsoleFault(reply, call.error);
    if (row.stream !== undefined) return row.stream(accountCall(call.value), reply);
    const input = row.method === 'GET' ? ok(plainQuery(request.query)) : readBody(request.body);
    const answer = input.ok ? await row.run(call.value, input.value) : input;
    if (!answer.ok) return sendConsoleFault(reply, answer.error);
    send(reply, answer.value);
  } catch (error) {
    // The route's pattern, never its address: that one could hold a name.
    deps.log.error('console_failed', {
      requestId: request.id,
      reason: `${row.method} ${row.path}`,
      ...errorFields(error),
    });
    sendConsoleFault(reply, fault('internal_error'));
  }
}

async function enter(
  row: ConsoleRow,
  deps: ServeDeps,
  request: FastifyRequest,
): Promise<Result<GuardedCall, Fault>> {
  const params = stringsOf(request.params);
  // The address is read first: a line that breaks while the session is read has none any more.
  const { headers, ip } = request;
  const asking = await deps.sessions.read(headers);
  const tooMany = deps.rate.refuse(
    asking === undefined ? { network: networkOf(ip) } : { personId: asking.id },
  );
  if (tooMany !== undefined) return failed(fault('rate_limit_exceeded', { message: TOO_MANY, ...tooMany }));
  const access = decideAccess(
    row,
    {
      origin: headers.origin,
      fetchSite: single(headers['sec-fetch-site']),
      contentType: headers['content-type'],
      hasBody: request.body !== undefined,
      accountId: params['account'],
    },
    {
      ownOrigins: deps.ownOrigins(),
      person: asking,
      nowMs: deps.admin.clock.nowMs(),
      operatorsNeedTwoFactor: deps.operatorsNeedTwoFactor,
    },
  );
  if (!access.ok) return access;
  const { person, accountId, role } = access.value;
  const account = accountId === undefined ? undefined : deps.admin.registry.directory.account(accountId);
  if (accountId !== undefined && account === undefined) return failed(fault('not_found'));
  const admin = person === undefined ? deps.admin : { ...deps.admin, actor: personActor(person.id) };
  return ok({ admin, person, account, role, params, request });
}

/** The console's own shape of an error, for all of its answers. */
export function sendConsoleFault(reply: FastifyReply, value: Fault): void {
  const { code, param, retryAfterMs } = value;
  if (retryAfterMs !== undefined) void reply.header('retry-after', Math.ceil(retryAfterMs / 1_000));
  const error = { code, message: faultMessage(value), ...(param === undefined ? {} : { param }) };
  void reply.code(errorRow(code).status).header('content-type', 'application/json').send({ error });
}

function send(reply: FastifyReply, value: unknown): void {
  if (value instanceof CsvFile) {
    void reply
      .header('content-type', 'text/csv; charset=utf-8; header=present')
      .header('content-disposition', `attachment; filename="${value.name}"`)
      .send(value.text);
    return;
  }
  void reply.send(value);
}

/** A body that is missing counts as `{}`. Errors: `invalid_json`. */
function readBody(body: unknown): Result<unknown, Fault> {
  if (!Buffer.isBuffer(body) || body.length === 0) return ok({});
  try {
    return ok(JSON.parse(body.toString('utf8')) as unknown);
  } catch {
    return failed(fault('invalid_json'));
  }
}

/** Without the prototype that the parser of the query gives it, so that a schema sees a plain object. */
function plainQuery(query: unknown): unknown {
  return typeof query === 'object' && query !== null ? { ...query } : {};
}

function stringsOf(params: unknown): Readonly<Record<string, string>> {
  const strings: Record<string, string> = {};
  if (typeof params !== 'object' || params === null) return strings;
  for (const [name, value] of Object.entries(params)) if (typeof value === 'string') strings[name] = value;
  return strings;
}

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
