import { fault, type Fault } from '../core/errors.ts';
import { failed, ok, type Result } from '../core/result.ts';

/** Bounds and default of the dialect. Source: models API, @anthropic-ai/sdk 1.11.0 and its page, read 2026-11-21. */
const LIMIT_MAX = 1_000;
const LIMIT_DEFAULT = 20;

/**
 * One object serves OpenAI's clients (`object`, `data`) and Anthropic's. `has_more` is about the direction that was
 * asked for: behind the page, or before it with `before_id`.
 */
export type ModelsPage<Row> = {
  object: 'list';
  data: readonly Row[];
  has_more: boolean;
  first_id: string | null;
  last_id: string | null;
};

export function allModels<Row extends { id: string }>(rows: readonly Row[]): ModelsPage<Row> {
  return page(rows, false);
}

/**
 * A page of the list as Anthropic's clients ask for it: `limit`, and `after_id` or `before_id`. Other parameters are
 * tolerated. Errors: `invalid_request` with `param`; an id must be one of the list.
 */
export function pageOfModels<Row extends { id: string }>(
  rows: readonly Row[],
  query: unknown,
): Result<ModelsPage<Row>, Fault> {
  const limit = readLimit(parameter(query, 'limit'));
  if (limit === undefined) return invalid('limit', `must be a whole number from 1 to ${LIMIT_MAX}`);
  const after = parameter(query, 'after_id');
  const before = parameter(query, 'before_id');
  if (after !== undefined && before !== undefined) {
    return invalid('before_id', 'cannot be sent together with "after_id"');
  }
  if (before !== undefined) {
    const end = rows.findIndex(({ id }) => id === before);
    if (end === -1) return invalid('before_id', 'must be the id of a model of this list');
    const start = Math.max(0, end - limit);
    return ok(page(rows.slice(start, end), start > 0));
  }
  const previous = after === undefined ? -1 : rows.findIndex(({ id }) => id === after);
  if (after !== undefined && previous === -1) {
    return invalid('after_id', 'must be the id of a model of this list');
  }
  const end = previous + 1 + limit;
  return ok(page(rows.slice(previous + 1, end), end < rows.length));
}

function page<Row extends { id: string }>(data: readonly Row[], hasMore: boolean): ModelsPage<Row> {
  return {
    object: 'list',
    data,
    has_more: hasMore,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
  };
}

/** Undefined when it is not there; given twice it is an array, which no rule accepts. */
function parameter(query: unknown, name: string): unknown {
  if (typeof query !== 'object' || query === null) return undefined;
  return Object.entries(query).find(([key]) => key === name)?.[1];
}

function readLimit(value: unknown): number | undefined {
  if (value === undefined) return LIMIT_DEFAULT;
  const limit = typeof value === 'string' && /^\d{1,4}$/.test(value) ? Number(value) : 0;
  return limit >= 1 && limit <= LIMIT_MAX ? limit : undefined;
}

function invalid(param: string, problem: string): Result<never, Fault> {
  return failed(fault('invalid_request', { message: `The parameter "${param}" ${problem}.`, param }));
}
