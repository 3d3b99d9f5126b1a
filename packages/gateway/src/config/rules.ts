import type { Finding } from './issues.ts';
import { nearMiss } from './near-miss.ts';
import { isRecord } from './paths.ts';
import type { Path } from './paths.ts';
import { checkListOf, checkOwnPrice, checkPriceLists, checkPrices } from './price-rules.ts';
import { API_KEY_FIELDS } from './secrets.ts';

/** Says where a value was first written: "models[0].id, line 12". */
export type Locate = (path: Path) => string;

/**
 * Checks what concerns two keys at once: references between sections, names that must be unique, prices, bounds
 * that depend on each other. It reads the raw file, not the parsed one, so that these problems appear together with
 * wrong types elsewhere; whatever has the wrong type is passed over here, since the schema has reported it.
 */
export function checkRules(root: unknown, locate: Locate): Finding[] {
  const findings: Finding[] = [];
  const file = isRecord(root) ? root : {};
  const names = {
    pool: isRecord(file['pools']) ? Object.keys(file['pools']) : [],
    upstream: isRecord(file['upstreams']) ? Object.keys(file['upstreams']) : [],
  };
  const used = new Map<string, Path>();
  for (const [index, model] of list(file['models']).entries()) {
    if (!isRecord(model)) continue;
    const path: Path = ['models', index];
    checkNames(model, path, { used, locate, findings });
    checkModel(model, path, findings);
    const listContext = {
      routes: model['routes'],
      modelId: model['id'],
      upstreams: file['upstreams'],
      findings,
    };
    checkListOf(model['price'], [...path, 'price'], listContext);
    for (const [routeIndex, route] of list(model['routes']).entries()) {
      if (isRecord(route)) checkRoute(route, [...path, 'routes', routeIndex], { names, findings });
    }
    for (const [variantIndex, variant] of list(model['variants']).entries()) {
      if (!isRecord(variant)) continue;
      const variantPath = [...path, 'variants', variantIndex];
      checkNames(variant, variantPath, { used, locate, findings });
      checkVariant(variant, model, { path: variantPath, findings });
      checkListOf(variant['price'], [...variantPath, 'price'], listContext);
    }
  }
  for (const [name, upstream] of Object.entries(isRecord(file['upstreams']) ? file['upstreams'] : {})) {
    if (isRecord(upstream)) checkUpstream(upstream, ['upstreams', name], findings);
  }
  checkBreaker(file['routing'], findings);
  checkClassifier(file['safety'], findings);
  const { deployments } = file;
  if (isRecord(deployments)) checkOwnPrice(deployments['price'], ['deployments', 'price'], findings);
  return findings;
}

type NameScope = { used: Map<string, Path>; locate: Locate; findings: Finding[] };

/** One name, one model: ids and aliases of all models and variants share one space. */
function checkNames(entry: Record<string, unknown>, path: Path, scope: NameScope): void {
  const aliases = list(entry['aliases']).map((name, index) => ({ name, path: [...path, 'aliases', index] }));
  for (const { name, path: namePath } of [{ name: entry['id'], path: [...path, 'id'] }, ...aliases]) {
    if (typeof name !== 'string') continue;
    const first = scope.used.get(name);
    if (first === undefined) scope.used.set(name, namePath);
    else {
      const reason = `is used twice; the first is ${scope.locate(first)}`;
      scope.findings.push(problem(namePath, reason, 'ids and aliases are unique in the whole catalogue'));
    }
  }
}

function checkModel(model: Record<string, unknown>, path: Path, findings: Finding[]): void {
  const image = model['kind'] === 'image';
  if (!image) {
    for (const key of ['context_tokens', 'max_output_tokens']) {
      if (!Object.hasOwn(model, key))
        findings.push(problem([...path, key], 'is missing', 'required for text models'));
    }
  }
  checkOutput(model, model['context_tokens'], { path, findings });
  checkPrices(model['price'], [...path, 'price'], { image, findings });
  checkEffort(model, model, { path, findings });
}

type Where = { path: Path; findings: Finding[] };

function checkVariant(variant: Record<string, unknown>, model: Record<string, unknown>, where: Where): void {
  checkOutput(variant, model['context_tokens'], where);
  checkPrices(variant['price'], [...where.path, 'price'], {
    image: model['kind'] === 'image',
    findings: where.findings,
  });
  checkEffort(variant, model, where);
}

function checkOutput(entry: Record<string, unknown>, contextTokens: unknown, where: Where): void {
  const outputTokens = entry['max_output_tokens'];
  if (typeof outputTokens !== 'number' || typeof contextTokens !== 'number' || outputTokens <= contextTokens)
    return;
  const path = [...where.path, 'max_output_tokens'];
  where.findings.push(problem(path, 'is more than context_tokens', `at most ${contextTokens}`));
}

function checkEffort(entry: Record<string, unknown>, model: Record<string, unknown>, where: Where): void {
  const effort = isRecord(entry['settings']) ? entry['settings']['reasoning_effort'] : undefined;
  if (typeof effort !== 'string' || effort === 'none') return;
  const capabilities = model['capabilities'];
  if (isRecord(capabilities) && capabilities['thinking'] === true) return;
  const path = [...where.path, 'settings', 'reasoning_effort'];
  where.findings.push(problem(path, 'is set for a model that cannot think', 'capabilities.thinking: true'));
}

type RouteScope = { names: Record<'pool' | 'upstream', string[]>; findings: Finding[] };

function checkRoute(route: Record<string, unknown>, path: Path, scope: RouteScope): void {
  const given = (['pool', 'upstream'] as const).filter((key) => Object.hasOwn(route, key));
  if (given.length !== 1) {
    const reason = given.length === 0 ? 'leads nowhere' : 'leads to two places';
    scope.findings.push(problem(path, reason, 'exactly one of pool, upstream'));
  }
  for (const key of given) {
    const name = route[key];
    const known = scope.names[key];
    if (typeof name !== 'string' || known.includes(name)) continue;
    const near = nearMiss(name, known);
    const names = known.length === 0 ? `none is defined; add it to ${key}s` : known.join(', ');
    const allowed = near === undefined ? names : `did you mean ${near}?`;
    scope.findings.push(
      problem([...path, key], `is not the name of ${key === 'pool' ? 'a pool' : 'an upstream'}`, allowed),
    );
  }
}

/** Header names that carry credentials, or that the client of the upstream sets itself. */
const SECRET_HEADER = /auth|cookie|key|token|secret|password|credential/;
const OWN_HEADERS = [
  'host',
  'connection',
  'content-length',
  'content-type',
  'transfer-encoding',
  'accept',
  'accept-encoding',
  'te',
  'upgrade',
  'expect',
];

function checkUpstream(upstream: Record<string, unknown>, path: Path, findings: Finding[]): void {
  const [first, ...others] = API_KEY_FIELDS.filter((field) => Object.hasOwn(upstream, field));
  for (const other of others) {
    const reason = `stands beside ${first}`;
    findings.push(problem([...path, other], reason, `one of ${API_KEY_FIELDS.join(', ')}`));
  }
  for (const field of ['api_keys_env', 'api_keys_file']) {
    for (const [index, name] of list(upstream[field]).entries()) {
      if (list(upstream[field]).indexOf(name) === index) continue;
      findings.push(problem([...path, field, index], 'is named twice', 'each key once'));
    }
  }
  if (!Object.hasOwn(upstream, 'base_url') && upstream['kind'] === 'openai-compatible') {
    const example = 'an address such as https://api.openai.com/v1';
    findings.push(problem([...path, 'base_url'], 'is missing', example));
  }
  checkDialects(upstream, [...path, 'dialects'], findings);
  checkPriceLists(upstream, path, findings);
  const seen = new Set<string>();
  for (const header of Object.keys(isRecord(upstream['headers']) ? upstream['headers'] : {})) {
    const name = header.toLowerCase();
    const headerPath = [...path, 'headers', header];
    if (SECRET_HEADER.test(name)) {
      const reason = 'is a header for credentials; secrets do not stand in this file';
      findings.push({ ...problem(headerPath, reason, API_KEY_FIELDS.join(' or ')), part: 'key' });
    } else if (OWN_HEADERS.includes(name)) {
      findings.push({ ...problem(headerPath, 'is set by the gateway itself', undefined), part: 'key' });
    } else if (seen.has(name)) {
      findings.push({ ...problem(headerPath, 'is given twice', 'each header once'), part: 'key' });
    }
    seen.add(name);
  }
}

function checkBreaker(routing: unknown, findings: Finding[]): void {
  const breaker = isRecord(routing) ? routing['breaker'] : undefined;
  if (!isRecord(breaker)) return;
  const { open_ms: openMs = 5_000, max_open_ms: maxOpenMs = 120_000 } = breaker;
  if (typeof openMs !== 'number' || typeof maxOpenMs !== 'number' || openMs <= maxOpenMs) return;
  findings.push(problem(['routing', 'breaker', 'max_open_ms'], 'is less than open_ms', `at least ${openMs}`));
}

/** Which keys each type of classifier has besides those of all. The required ones first. */
const CLASSIFIER_KEYS: Readonly<Record<string, { needs: readonly string[]; takes: readonly string[] }>> = {
  http: { needs: ['url'], takes: ['token_env'] },
  nsfwjs: { needs: [], takes: ['folder'] },
  onnx: { needs: ['onnx'], takes: ['folder'] },
};

function checkClassifier(safety: unknown, findings: Finding[]): void {
  const classifier = isRecord(safety) ? safety['classifier'] : undefined;
  if (!isRecord(classifier)) return;
  const { type = 'http' } = classifier;
  const own = typeof type === 'string' ? CLASSIFIER_KEYS[type] : undefined;
  if (own === undefined) return;
  const path: Path = ['safety', 'classifier'];
  for (const key of own.needs) {
    if (Object.hasOwn(classifier, key)) continue;
    findings.push(problem([...path, key], 'is missing', `required for type ${String(type)}`));
  }
  for (const key of new Set(
    Object.values(CLASSIFIER_KEYS).flatMap(({ needs, takes }) => [...needs, ...takes]),
  )) {
    if (!Object.hasOwn(classifier, key) || own.needs.includes(key) || own.takes.includes(key)) continue;
    findings.push(problem([...path, key], 'is not for this type', 'leave the key out'));
  }
}

function checkDialects(upstream: Record<string, unknown>, path: Path, findings: Finding[]): void {
  if (!Object.hasOwn(upstream, 'dialects')) return;
  if (upstream['kind'] === 'anthropic') {
    findings.push(problem(path, 'is not for this kind', 'leave the key out'));
  }
  const dialects = list(upstream['dialects']);
  for (const [index, dialect] of dialects.entries()) {
    if (dialects.indexOf(dialect) === index) continue;
    findings.push(problem([...path, index], 'is named twice', 'each dialect once'));
  }
}

function problem(path: Path, reason: string, allowed: string | undefined): Finding {
  return { path, part: 'value', reason, allowed };
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
