import { MICROS_PER_USD, parseAmount } from '../core/money.ts';
import { instantMs } from './fields.ts';
import type { Finding } from './issues.ts';
import { isRecord } from './paths.ts';
import type { Path } from './paths.ts';

type Context = { image: boolean; findings: Finding[] };

/** Checks the price of a model or variant as the raw file has it: one, or a list of them with dates. */
export function checkPrices(prices: unknown, path: Path, context: Context): void {
  if (!Array.isArray(prices)) {
    checkPrice(prices, path, context);
    if (isRecord(prices) && Object.hasOwn(prices, 'from')) {
      context.findings.push(
        problem([...path, 'from'], 'has no meaning outside a list of prices', 'a list of prices'),
      );
    }
    return;
  }
  for (const [index, price] of prices.entries()) checkPrice(price, [...path, index], context);
  checkDates(prices, path, context.findings);
}

/** Checks a price that belongs to no model of the catalogue. Undefined: the default holds. */
export function checkOwnPrice(prices: unknown, path: Path, findings: Finding[]): void {
  if (prices === undefined) return;
  checkPrices(prices, path, { image: false, findings });
  for (const [index, price] of (Array.isArray(prices) ? prices : [prices]).entries()) {
    if (!isRecord(price) || !Object.hasOwn(price, 'list_of')) continue;
    const listPath = [...path, ...(Array.isArray(prices) ? [index] : []), 'list_of'];
    findings.push(problem(listPath, 'has no list to follow here', 'credits, per_million_usd, or free: true'));
  }
}

/** Checks the list prices of a provider: their dates, and that a discount has something to be taken off. */
export function checkPriceLists(upstream: Record<string, unknown>, path: Path, findings: Finding[]): void {
  const lists = upstream['price_list'];
  if (lists === undefined && Object.hasOwn(upstream, 'price_list_discount_percent')) {
    const discountPath = [...path, 'price_list_discount_percent'];
    findings.push(problem(discountPath, 'has no meaning without price_list', undefined));
  }
  for (const [model, numbers] of Object.entries(isRecord(lists) ? lists : {})) {
    const listPath = [...path, 'price_list', model];
    if (Array.isArray(numbers)) checkDates(numbers, listPath, findings);
    else if (isRecord(numbers) && Object.hasOwn(numbers, 'from')) {
      findings.push(
        problem([...listPath, 'from'], 'has no meaning outside a list of prices', 'a list of prices'),
      );
    }
  }
}

type ListContext = { routes: unknown; modelId: unknown; upstreams: unknown; findings: Finding[] };

/** Checks that each price with `list_of` finds its numbers: at an upstream of the model's routes, by its name there. */
export function checkListOf(prices: unknown, path: Path, context: ListContext): void {
  for (const [index, price] of (Array.isArray(prices) ? prices : [prices]).entries()) {
    const name: unknown = isRecord(price) ? price['list_of'] : undefined;
    if (typeof name !== 'string') continue;
    const fault = missingList(name, context);
    const listPath = [...path, ...(Array.isArray(prices) ? [index] : []), 'list_of'];
    if (fault !== undefined) context.findings.push(problem(listPath, fault.reason, fault.allowed));
  }
}

function missingList(
  name: string,
  { routes, modelId, upstreams }: ListContext,
): { reason: string; allowed: string } | undefined {
  if (!isRecord(upstreams) || !Object.hasOwn(upstreams, name))
    return { reason: 'is not the name of an upstream', allowed: 'an upstream that the model has a route to' };
  const route = (Array.isArray(routes) ? routes : []).find(
    (candidate: unknown) => isRecord(candidate) && candidate['upstream'] === name,
  );
  if (!isRecord(route))
    return { reason: 'is not among the routes', allowed: 'an upstream that the model has a route to' };
  const remote = route['model'] ?? modelId;
  const upstream = upstreams[name];
  const lists = isRecord(upstream) ? upstream['price_list'] : undefined;
  const isListed = isRecord(lists) && typeof remote === 'string' && Object.hasOwn(lists, remote);
  return isListed
    ? undefined
    : { reason: 'has no list price of this model', allowed: 'a model of its price_list' };
}

/** The first price holds since ever, each other one from a later moment than the one before. */
function checkDates(prices: readonly unknown[], path: Path, findings: Finding[]): void {
  let lastMs = -Infinity;
  for (const [index, price] of prices.entries()) {
    if (!isRecord(price)) continue;
    const fromPath = [...path, index, 'from'];
    const isDated = Object.hasOwn(price, 'from');
    if (index === 0) {
      if (isDated)
        findings.push(problem(fromPath, 'stands in the first price, which holds since ever', 'no from here'));
      continue;
    }
    if (!isDated) {
      findings.push(
        problem([...path, index], 'has no from', 'every price of a list but the first says since when'),
      );
      continue;
    }
    const fromMs = typeof price['from'] === 'string' ? instantMs(price['from']) : undefined;
    if (fromMs === undefined) continue;
    if (fromMs <= lastMs) findings.push(problem(fromPath, 'is not after the date before it', 'rising dates'));
    lastMs = Math.max(lastMs, fromMs);
  }
}

const PRICES = ['credits', 'per_million_usd', 'list_of', 'free'];

function checkPrice(price: unknown, path: Path, { image, findings }: Context): void {
  if (!isRecord(price)) return;
  const given = PRICES.filter((key) => Object.hasOwn(price, key));
  if (given.length !== 1) {
    const reason = given.length === 0 ? 'says no price' : `says ${given.length} prices`;
    findings.push(problem(path, reason, `exactly one of ${PRICES.join(', ')}`));
  }
  const tokens = price['per_million_usd'];
  for (const key of ['minimum_usd', 'list_discount_percent']) {
    if (Object.hasOwn(price, key) && tokens === undefined && !Object.hasOwn(price, 'list_of')) {
      findings.push(problem([...path, key], 'has no meaning without a price per token', undefined));
    }
  }
  if (image && Object.hasOwn(price, 'list_of'))
    findings.push(problem([...path, 'list_of'], 'is no price for pictures', 'credits, or free: true'));
  if (tokens === undefined) return;
  const tokensPath = [...path, 'per_million_usd'];
  if (image) findings.push(problem(tokensPath, 'is no price for pictures', 'credits, or free: true'));
  if (isRecord(tokens) && isZeroAmount(tokens['input']) && isZeroAmount(tokens['output'])) {
    findings.push(problem(tokensPath, 'is zero', 'a price above zero, or free: true'));
  }
}

function isZeroAmount(value: unknown): boolean {
  return (typeof value === 'number' || typeof value === 'string') && parseAmount(value, MICROS_PER_USD) === 0;
}

function problem(path: Path, reason: string, allowed: string | undefined): Finding {
  return { path, part: 'value', reason, allowed };
}
