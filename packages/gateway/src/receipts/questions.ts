import { fault, type Fault } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import { failed, ok, type Result } from '../core/result.ts';
import type { RequestEnd } from '../ledger/ledger.ts';
import { dayOf, parseDay } from './days.ts';
import { EARNINGS_GROUPS, type EarningsGroup, type EarningsQuestion } from './earnings.ts';
import {
  RECEIPTS_MAX,
  type ReceiptQuestion,
  USAGE_DAYS_MAX,
  USAGE_GROUPS,
  type UsageQuestion,
} from './reader.ts';

const REQUEST_ID = /^req_[0-9A-Za-z]{22}$/;
const RECEIPTS_DEFAULT = 20;
/** Without `from` a report begins this many days before its last. */
const DAYS_BEFORE_DEFAULT = 29;

const ENDS = [
  'stop',
  'length',
  'tool-calls',
  'content-filter',
  'failed',
  'interrupted',
  'client-closed',
] as const satisfies readonly RequestEnd[];

export function isRequestId(text: string): boolean {
  return REQUEST_ID.test(text);
}

/** Reads the query of `GET /v1/requests`. Errors: `invalid_request` with `param`. Never quotes a value. */
export function readReceiptQuestion(query: unknown, accountId: string): Result<ReceiptQuestion, Fault> {
  const fields = readFields(query, ['limit', 'before', 'model', 'key', 'end']);
  if (!fields.ok) return fields;
  const { limit, before, model, key, end } = fields.value;
  const count = limit === undefined ? RECEIPTS_DEFAULT : readCount(limit);
  if (count === undefined) return invalid('limit', `must be a whole number from 1 to ${RECEIPTS_MAX}`);
  if (before !== undefined && !isRequestId(before)) return invalid('before', 'must be the id of a request');
  if (model !== undefined && (model === '' || model.length > LIMITS.nameMaxChars))
    return invalid('model', 'must be the id of a model');
  if (key !== undefined && !/^key_[0-9A-Za-z]{1,64}$/.test(key))
    return invalid('key', 'must be the id of a key');
  const known = ENDS.find((one) => one === end);
  if (end !== undefined && known === undefined) return invalid('end', `must be one of ${ENDS.join(', ')}`);
  return ok({
    accountId,
    limit: count,
    ...(before === undefined ? {} : { before }),
    ...(model === undefined ? {} : { model }),
    ...(key === undefined ? {} : { key }),
    ...(known === undefined ? {} : { end: known }),
  });
}

export type ReportFormat = 'json' | 'csv';

/** Who asks for a report, and when. */
type ReportCaller = { accountId: string; accept: string | undefined; nowMs: number };

/** Reads the query of `GET /v1/usage`; `format` wins over the header Accept. Errors: `invalid_request` with `param`. */
export function readUsageQuestion(
  query: unknown,
  caller: ReportCaller,
): Result<{ question: UsageQuestion; format: ReportFormat }, Fault> {
  const fields = readFields(query, ['from', 'to', 'group_by', 'format']);
  if (!fields.ok) return fields;
  const { group_by: groups } = fields.value;
  const span = readSpan(fields.value, caller.nowMs);
  if (!span.ok) return span;
  const groupBy = groups === undefined ? (['day'] as const) : readGroups(groups, USAGE_GROUPS);
  if (groupBy === undefined) return unknownGroups('group_by', USAGE_GROUPS);
  const format = readFormat(fields.value.format, caller.accept);
  if (!format.ok) return format;
  return ok({ question: { accountId: caller.accountId, ...span.value, groupBy }, format: format.value });
}

/** What owners may group their earnings by: they have one account. */
const OWN_EARNINGS_GROUPS = ['day', 'node', 'model'] as const satisfies readonly EarningsGroup[];
const EARNINGS_GROUPS_DEFAULT = ['day', 'node'] as const satisfies readonly EarningsGroup[];

/** Reads the query of `GET /v1/earnings`, as `readUsageQuestion` does. Errors: `invalid_request` with `param`. */
export function readEarningsQuestion(
  query: unknown,
  caller: ReportCaller,
): Result<{ question: EarningsQuestion; format: ReportFormat }, Fault> {
  const fields = readFields(query, ['from', 'to', 'by', 'format']);
  if (!fields.ok) return fields;
  const { by } = fields.value;
  const span = readSpan(fields.value, caller.nowMs);
  if (!span.ok) return span;
  const groupBy = by === undefined ? EARNINGS_GROUPS_DEFAULT : readGroups(by, OWN_EARNINGS_GROUPS);
  if (groupBy === undefined) return unknownGroups('by', OWN_EARNINGS_GROUPS);
  const format = readFormat(fields.value.format, caller.accept);
  if (!format.ok) return format;
  return ok({ question: { accountId: caller.accountId, ...span.value, groupBy }, format: format.value });
}

/** Reads what an operator asks about earnings. Errors: `invalid_request` with `param`. */
export function readOperatorsEarningsQuestion(
  ask: { from?: string | undefined; to?: string | undefined; by?: string | undefined },
  nowMs: number,
): Result<Pick<EarningsQuestion, 'fromDay' | 'toDay' | 'groupBy'>, Fault> {
  const span = readSpan(ask, nowMs);
  if (!span.ok) return span;
  const groupBy = ask.by === undefined ? EARNINGS_GROUPS_DEFAULT : readGroups(ask.by, EARNINGS_GROUPS);
  return groupBy === undefined ? unknownGroups('by', EARNINGS_GROUPS) : ok({ ...span.value, groupBy });
}

/** The days of a report. Errors: `invalid_request` with `param`. */
function readSpan(
  { from, to }: { from?: string | undefined; to?: string | undefined },
  nowMs: number,
): Result<{ fromDay: number; toDay: number }, Fault> {
  const toDay = to === undefined ? dayOf(nowMs) : parseDay(to);
  if (toDay === undefined) return invalid('to', 'must be a day such as 2026-11-20');
  const fromDay = from === undefined ? Math.max(0, toDay - DAYS_BEFORE_DEFAULT) : parseDay(from);
  if (fromDay === undefined) return invalid('from', 'must be a day such as 2026-11-01');
  if (fromDay > toDay) return invalid('from', 'must not be after "to"');
  if (toDay - fromDay >= USAGE_DAYS_MAX)
    return invalid('from', `must be at most ${USAGE_DAYS_MAX} days before the end of the range`);
  return ok({ fromDay, toDay });
}

function readFormat(format: string | undefined, accept: string | undefined): Result<ReportFormat, Fault> {
  if (format === undefined) return ok(wantsCsv(accept) ? 'csv' : 'json');
  return format === 'json' || format === 'csv' ? ok(format) : invalid('format', 'must be json or csv');
}

function unknownGroups(param: string, known: readonly string[]): Result<never, Fault> {
  return invalid(param, `must name some of ${known.join(', ')}, each once, with commas`);
}

function readGroups<Group extends string>(text: string, known: readonly Group[]): Group[] | undefined {
  const groups: Group[] = [];
  for (const word of text.split(',', known.length + 1)) {
    const group = known.find((one) => one === word);
    if (group === undefined || groups.includes(group)) return undefined;
    groups.push(group);
  }
  return groups;
}

function readCount(text: string): number | undefined {
  const count = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  return count >= 1 && count <= RECEIPTS_MAX ? count : undefined;
}

function wantsCsv(accept: string | undefined): boolean {
  return (accept ?? '').split(',').some((type) => type.split(';', 1)[0]?.trim().toLowerCase() === 'text/csv');
}

/**
 * The known fields of a parsed query string, each at most once. An unknown name is refused, not passed over: a filter
 * that was spelt wrongly would else give the sums of everything.
 */
function readFields<Name extends string>(
  query: unknown,
  names: readonly Name[],
): Result<Partial<Record<Name, string>>, Fault> {
  const fields: Partial<Record<Name, string>> = {};
  const given = typeof query === 'object' && query !== null ? Object.entries(query) : [];
  for (const [givenName, value] of given as [string, unknown][]) {
    const name = names.find((one) => one === givenName);
    if (name === undefined) {
      const message = `The query holds a parameter that is not known here. Known: ${names.join(', ')}.`;
      return failed(fault('invalid_request', { message }));
    }
    if (typeof value !== 'string') return invalid(name, 'must be given once');
    fields[name] = value;
  }
  return ok(fields);
}

function invalid(param: string, problem: string): Result<never, Fault> {
  return failed(fault('invalid_request', { message: `The parameter "${param}" ${problem}.`, param }));
}
