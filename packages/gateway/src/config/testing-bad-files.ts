/** Files with one mistake each, and exactly what the loader says of it. For the tests of this folder. */

const POOL = 'pools: { p: {} }\n';

/** A text model on the lines 2 to 8 of a file, with lines replaced or added. */
export function modelFile(changes: Record<string, string> = {}): string {
  const fields: Record<string, string> = {
    id: 'a',
    context_tokens: '100',
    max_output_tokens: '50',
    price: '{ credits: 1 }',
    routes: '[{ pool: p }]',
    ...changes,
  };
  const lines = Object.entries(fields).filter(([, value]) => value !== '');
  return `${POOL}models:\n${lines.map(([key, value], index) => `  ${index === 0 ? '-' : ' '} ${key}: ${value}\n`).join('')}`;
}

export const upstreamFile = (lines: string): string =>
  `upstreams:\n  u:\n    kind: openai-compatible\n    base_url: https://example.com/v1\n${lines}`;

export const BAD_FILES: { name: string; text: string; problems: string[] }[] = [
  {
    name: 'a mistyped key, with the key that was meant',
    text: 'server:\n  prot: 1\n',
    problems: ['test.yaml:2:3: server.prot: is not a known key (allowed: did you mean port?)'],
  },
  {
    name: 'an unknown key, with all keys',
    text: 'brand:\n  colour: red\n',
    problems: ['test.yaml:2:3: brand.colour: is not a known key (allowed: name, key_prefix)'],
  },
  {
    name: 'camelCase',
    text: 'limits: { requestsPerMinute: 5 }\n',
    problems: [
      'test.yaml:1:11: limits.requestsPerMinute: is not a known key (allowed: did you mean requests_per_minute?)',
    ],
  },
  {
    name: 'a key given twice',
    text: 'server:\n  port: 1\n  host: a\n  port: 2\n',
    problems: ['test.yaml:4:3: server.port: is given twice; the first is on line 2 (allowed: each key once)'],
  },
  {
    name: 'a port out of range',
    text: 'server:\n  port: 65536\n',
    problems: ['test.yaml:2:9: server.port: is too large (allowed: a whole number from 0 to 65535)'],
  },
  {
    name: 'text where a number belongs',
    text: 'server:\n  port: "8080"\n',
    problems: [
      'test.yaml:2:9: server.port: must be a number, is text (allowed: a whole number from 0 to 65535)',
    ],
  },
  {
    name: 'a fraction where a whole number belongs',
    text: 'server: { port: 80.5 }\n',
    problems: [
      'test.yaml:1:17: server.port: is not a whole number (allowed: a whole number from 0 to 65535)',
    ],
  },
  {
    name: 'a key without a value',
    text: 'server:\nlogging:\n  level:\n',
    problems: [
      'test.yaml:1:8: server: has no value',
      'test.yaml:3:9: logging.level: has no value (allowed: one of debug, info, warn, error, silent)',
    ],
  },
  {
    name: 'yes instead of true',
    text: 'server: { metrics: { enabled: yes } }\n',
    problems: ['test.yaml:1:31: server.metrics.enabled: must be true or false, is text'],
  },
  {
    name: 'a list where an object belongs',
    text: 'pools:\n  - p\n',
    problems: ['test.yaml:2:3: pools: must be an object (key: value), is a list'],
  },
  {
    name: 'a name with capitals',
    text: 'pools:\n  My Pool: {}\n',
    problems: [
      'test.yaml:2:3: pools.My Pool: is not a name (allowed: a name of small letters, digits and dashes, 1 to 63 characters)',
    ],
  },
  {
    name: 'a key prefix that is too long',
    text: 'brand: { key_prefix: abcdefghijklmnopq }\n',
    problems: [
      'test.yaml:1:22: brand.key_prefix: has the wrong form (allowed: 1 to 16 small letters, digits and single dashes, no dash at either end)',
    ],
  },
  {
    name: 'a key prefix with capitals',
    text: 'brand: { key_prefix: Brand }\n',
    problems: [
      'test.yaml:1:22: brand.key_prefix: has the wrong form (allowed: 1 to 16 small letters, digits and single dashes, no dash at either end)',
    ],
  },
  {
    name: 'a proxy that is no network',
    text: 'server:\n  trusted_proxies: [10.0.0.0/8, 10.0.0.0/33]\n',
    problems: [
      'test.yaml:2:33: server.trusted_proxies[1]: is not a network (allowed: an IP address or a CIDR block such as 10.0.0.0/8)',
    ],
  },
  {
    name: 'proxies that are everybody',
    text: 'server:\n  trusted_proxies: [0.0.0.0/0, "::/0"]\n',
    problems: [
      'test.yaml:2:21: server.trusted_proxies[0]: holds every address, so that clients could give any as theirs (allowed: an IP address or a CIDR block such as 10.0.0.0/8)',
      'test.yaml:2:32: server.trusted_proxies[1]: holds every address, so that clients could give any as theirs (allowed: an IP address or a CIDR block such as 10.0.0.0/8)',
    ],
  },
  {
    name: 'a size that is no size',
    text: 'server: { chat_body_max_bytes: 1 GB }\n',
    problems: [
      'test.yaml:1:32: server.chat_body_max_bytes: is not a size (allowed: a size from 1024 bytes to 256 MiB: a whole number of bytes, or text such as "32 MiB")',
    ],
  },
  {
    name: 'a route to a pool that is not there, with the one that was meant',
    text: modelFile({ routes: '[{ pool: pp }]' }),
    problems: [
      'test.yaml:7:22: models[0].routes[0].pool: is not the name of a pool (allowed: did you mean p?)',
    ],
  },
  {
    name: 'a route to an upstream when none is defined',
    text: modelFile({ routes: '[{ upstream: openai }]' }),
    problems: [
      'test.yaml:7:26: models[0].routes[0].upstream: is not the name of an upstream (allowed: none is defined; add it to upstreams)',
    ],
  },
  {
    name: 'a route that leads nowhere',
    text: modelFile({ routes: '[{ model: x }]' }),
    problems: ['test.yaml:7:14: models[0].routes[0]: leads nowhere (allowed: exactly one of pool, upstream)'],
  },
  {
    name: 'no route',
    text: modelFile({ routes: '[]' }),
    problems: ['test.yaml:7:13: models[0].routes: is empty (allowed: at least 1)'],
  },
  {
    name: 'more output than context',
    text: modelFile({ max_output_tokens: '101' }),
    problems: [
      'test.yaml:5:24: models[0].max_output_tokens: is more than context_tokens (allowed: at most 100)',
    ],
  },
  {
    name: 'a text model without sizes',
    text: modelFile({ context_tokens: '', max_output_tokens: '' }),
    problems: [
      'test.yaml:3:5: models[0].context_tokens: is missing (allowed: required for text models)',
      'test.yaml:3:5: models[0].max_output_tokens: is missing (allowed: required for text models)',
    ],
  },
  {
    name: 'a model without a price',
    text: modelFile({ price: '' }),
    problems: [
      'test.yaml:3:5: models[0].price: is missing (allowed: a price such as { credits: 8 }, or a list of prices with dates)',
    ],
  },
  {
    name: 'a variant without a price',
    text: modelFile({ variants: '[{ id: b }]' }),
    problems: [
      'test.yaml:8:16: models[0].variants[0].price: is missing (allowed: a price such as { credits: 8 }, or a list of prices with dates)',
    ],
  },
  {
    name: 'an empty price',
    text: modelFile({ price: '{}' }),
    problems: [
      'test.yaml:6:12: models[0].price: says no price (allowed: exactly one of credits, per_million_usd, list_of, free)',
    ],
  },
  {
    name: 'two prices',
    text: modelFile({ price: '{ credits: 1, free: true }' }),
    problems: [
      'test.yaml:6:12: models[0].price: says 2 prices (allowed: exactly one of credits, per_million_usd, list_of, free)',
    ],
  },
  {
    name: 'a negative price',
    text: modelFile({ price: '{ credits: -1 }' }),
    problems: [
      'test.yaml:6:23: models[0].price.credits: is negative (allowed: an amount in credits above 0 and up to 1000000, at most 4 decimal places)',
    ],
  },
  {
    name: 'a price of zero that does not say free',
    text: modelFile({ price: '{ credits: 0 }' }),
    problems: [
      'test.yaml:6:23: models[0].price.credits: is zero (allowed: an amount in credits above 0 and up to 1000000, at most 4 decimal places)',
    ],
  },
  {
    name: 'token prices of zero that do not say free',
    text: modelFile({ price: '{ per_million_usd: { input: 0, output: "0.00" } }' }),
    problems: [
      'test.yaml:6:31: models[0].price.per_million_usd: is zero (allowed: a price above zero, or free: true)',
    ],
  },
  {
    name: 'an amount finer than a µ$',
    text: modelFile({ price: '{ per_million_usd: { input: 0.0000001, output: 1 } }' }),
    problems: [
      'test.yaml:6:40: models[0].price.per_million_usd.input: is finer than a µ$ ($0.000001), or too large (allowed: an amount in USD from 0 up to 1000, at most 6 decimal places)',
    ],
  },
  {
    name: 'a number with more digits than a double holds, which would silently mean another price',
    text: modelFile({ price: '{ credits: 1.0000000000000000001 }' }),
    problems: [
      'test.yaml:6:23: models[0].price.credits: has more digits than a number can hold exactly (allowed: fewer digits, or the number in quotes)',
    ],
  },
  {
    name: 'an amount that is no number',
    text: modelFile({ price: '{ credits: $8 }' }),
    problems: [
      'test.yaml:6:23: models[0].price.credits: is not a decimal number (allowed: an amount in credits above 0 and up to 1000000, at most 4 decimal places)',
    ],
  },
  {
    name: 'a discount on a flat price',
    text: modelFile({ price: '{ credits: 8, list_discount_percent: 50 }' }),
    problems: [
      'test.yaml:6:49: models[0].price.list_discount_percent: has no meaning without a price per token',
    ],
  },
  {
    name: 'a discount of everything',
    text: modelFile({ price: '{ per_million_usd: { input: 1, output: 1 }, list_discount_percent: 100 }' }),
    problems: [
      'test.yaml:6:79: models[0].price.list_discount_percent: is no such percentage (allowed: a percentage from 0 to 99.99, at most 2 decimal places)',
    ],
  },
  {
    name: 'a price per token for pictures',
    text: modelFile({ kind: 'image', price: '{ per_million_usd: { input: 1, output: 1 } }' }),
    problems: [
      'test.yaml:6:31: models[0].price.per_million_usd: is no price for pictures (allowed: credits, or free: true)',
    ],
  },
  {
    name: 'a price with a date outside a list',
    text: modelFile({ price: '{ from: 2027-01-01, credits: 1 }' }),
    problems: [
      'test.yaml:6:20: models[0].price.from: has no meaning outside a list of prices (allowed: a list of prices)',
    ],
  },
  {
    name: 'a list of prices that is empty',
    text: modelFile({ price: '[]' }),
    problems: ['test.yaml:6:12: models[0].price: is empty (allowed: at least 1)'],
  },
  {
    name: 'two prices that hold since ever',
    text: modelFile({ price: '[{ credits: 1 }, { credits: 2 }]' }),
    problems: [
      'test.yaml:6:29: models[0].price[1]: has no from (allowed: every price of a list but the first says since when)',
    ],
  },
  {
    name: 'a first price with a date, before which there would be none',
    text: modelFile({ price: '[{ from: 2027-01-01, credits: 1 }]' }),
    problems: [
      'test.yaml:6:21: models[0].price[0].from: stands in the first price, which holds since ever (allowed: no from here)',
    ],
  },
  {
    name: 'a date twice',
    text: modelFile({
      price: '[{ credits: 1 }, { from: 2027-01-01, credits: 2 }, { from: 2027-01-01T00:00Z, credits: 3 }]',
    }),
    problems: [
      'test.yaml:6:71: models[0].price[2].from: is not after the date before it (allowed: rising dates)',
    ],
  },
  {
    name: 'dates that fall',
    text: modelFile({
      price: '[{ credits: 1 }, { from: 2027-01-02, credits: 2 }, { from: 2027-01-01, credits: 3 }]',
    }),
    problems: [
      'test.yaml:6:71: models[0].price[2].from: is not after the date before it (allowed: rising dates)',
    ],
  },
  {
    name: 'a day that there is not',
    text: modelFile({ price: '[{ credits: 1 }, { from: 2027-02-29, credits: 2 }]' }),
    problems: [
      'test.yaml:6:37: models[0].price[1].from: is no day or time that there is (allowed: a date or date-time of UTC such as 2027-01-31 or 2027-01-31T12:00:00Z)',
    ],
  },
  {
    name: 'a time without a zone, which could be any',
    text: modelFile({ price: '[{ credits: 1 }, { from: 2027-01-01T00:00:00, credits: 2 }]' }),
    problems: [
      'test.yaml:6:37: models[0].price[1].from: has the wrong form (allowed: a date or date-time of UTC such as 2027-01-31 or 2027-01-31T12:00:00Z)',
    ],
  },
  {
    name: 'a date that is a number',
    text: modelFile({ price: '[{ credits: 1 }, { from: 2027, credits: 2 }]' }),
    problems: [
      'test.yaml:6:37: models[0].price[1].from: must be text, is a number (allowed: a date or date-time of UTC such as 2027-01-31 or 2027-01-31T12:00:00Z)',
    ],
  },
  {
    name: 'a mistake inside a list of prices, with the key that was meant',
    text: modelFile({ price: '[{ credits: 1 }, { from: 2027-01-01, credit: 2 }]' }),
    problems: [
      'test.yaml:6:29: models[0].price[1]: says no price (allowed: exactly one of credits, per_million_usd, list_of, free)',
      'test.yaml:6:49: models[0].price[1].credit: is not a known key (allowed: did you mean credits?)',
    ],
  },
  {
    name: 'a price that is only a number',
    text: modelFile({ price: '8' }),
    problems: [
      'test.yaml:6:12: models[0].price: is a number (allowed: a price such as { credits: 8 }, or a list of prices with dates)',
    ],
  },
  {
    name: 'effort for a model that cannot think',
    text: modelFile({ settings: '{ reasoning_effort: low }' }),
    problems: [
      'test.yaml:8:35: models[0].settings.reasoning_effort: is set for a model that cannot think (allowed: capabilities.thinking: true)',
    ],
  },
  {
    name: 'an alias that is another id',
    text: modelFile({ aliases: '[b]', variants: '[{ id: b, price: { credits: 1 } }]' }),
    problems: [
      'test.yaml:9:22: models[0].variants[0].id: is used twice; the first is models[0].aliases[0], line 8 (allowed: ids and aliases are unique in the whole catalogue)',
    ],
  },
  {
    name: 'an id like a prototype name',
    text: modelFile({ id: '__proto__' }),
    problems: [
      'test.yaml:3:9: models[0].id: has the wrong form (allowed: letters, digits and . _ : / -, starting with a letter or digit, at most 128 characters)',
    ],
  },
  {
    name: 'a secret in the file',
    text: upstreamFile('    api_key: sk-live-123\n'),
    problems: [
      'test.yaml:5:5: upstreams.u.api_key: is a secret in the file itself; files are copied, shown and committed, so only a reference is taken (allowed: api_key_env or api_key_file or api_keys_env or api_keys_file: where the secret is found)',
    ],
  },
  {
    name: 'a token in the file',
    text: 'server: { metrics: { token: abc } }\n',
    problems: [
      'test.yaml:1:22: server.metrics.token: is a secret in the file itself; files are copied, shown and committed, so only a reference is taken (allowed: token_env: where the secret is found)',
    ],
  },
  {
    name: 'a classifier without an address',
    text: 'safety: { classifier: { timeout_ms: 500 } }\n',
    problems: ['test.yaml:1:11: safety.classifier.url: is missing (allowed: required for type http)'],
  },
  {
    name: 'a classifier in the gateway with an address, and without its model',
    text: 'safety: { classifier: { type: onnx, url: "http://127.0.0.1:1/x" } }\n',
    problems: [
      'test.yaml:1:11: safety.classifier.onnx: is missing (allowed: required for type onnx)',
      'test.yaml:1:42: safety.classifier.url: is not for this type (allowed: leave the key out)',
    ],
  },
  {
    name: 'a secret where the name of a variable belongs',
    text: upstreamFile('    api_key_env: sk-live-123\n'),
    problems: [
      'test.yaml:5:18: upstreams.u.api_key_env: has the wrong form (allowed: the name of an environment variable: capital letters, digits and _)',
    ],
  },
  {
    name: 'a secret that is not in the environment',
    text: upstreamFile('    api_key_env: MISSING\n'),
    problems: [
      'test.yaml:5:18: upstreams.u.api_key_env: the environment variable MISSING is not set (allowed: a variable that holds the key, or optional: true)',
    ],
  },
  {
    name: 'a secret that is empty',
    text: upstreamFile('    api_key_env: EMPTY\n'),
    problems: [
      'test.yaml:5:18: upstreams.u.api_key_env: the environment variable EMPTY is empty (allowed: a variable that holds the key, or optional: true)',
    ],
  },
  {
    name: 'a secret that cannot be sent as a header, even for an optional upstream',
    text: upstreamFile('    api_key_env: BROKEN\n    optional: true\n'),
    problems: [
      'test.yaml:5:18: upstreams.u.api_key_env: the environment variable BROKEN holds no usable key (allowed: printable ASCII without spaces, at most 4096 characters)',
    ],
  },
  {
    name: 'a secret file that is not there',
    text: upstreamFile('    api_key_file: gone.key\n'),
    problems: [
      'test.yaml:5:19: upstreams.u.api_key_file: the file cannot be read (allowed: a file that holds the key, or optional: true)',
    ],
  },
  {
    name: 'credentials in a header',
    text: upstreamFile('    headers:\n      Authorization: Bearer abc\n'),
    problems: [
      'test.yaml:6:7: upstreams.u.headers.Authorization: is a header for credentials; secrets do not stand in this file (allowed: api_key_env or api_key_file or api_keys_env or api_keys_file)',
    ],
  },
  {
    name: 'credentials in an address',
    text: 'upstreams: { u: { kind: openai-compatible, base_url: "https://me:pw@example.com" } }\n',
    problems: [
      'test.yaml:1:54: upstreams.u.base_url: has a user name or password in it (allowed: an address such as https://api.openai.com/v1)',
    ],
  },
  {
    name: 'an address with a query',
    text: 'server: { public_url: "https://a.example/?key=1" }\n',
    problems: [
      'test.yaml:1:23: server.public_url: has a query in it (allowed: an address such as https://api.example.com)',
    ],
  },
  {
    name: 'an address with a fragment',
    text: 'server: { public_url: "https://a.example/#x" }\n',
    problems: [
      'test.yaml:1:23: server.public_url: has a fragment in it (allowed: an address such as https://api.example.com)',
    ],
  },
  {
    name: 'dialects that are named twice, or stand where there is no choice',
    text: 'upstreams:\n  a: { kind: anthropic, dialects: [responses] }\n  o: { kind: openai, dialects: [responses, responses] }\n',
    problems: [
      'test.yaml:2:35: upstreams.a.dialects: is not for this kind (allowed: leave the key out)',
      'test.yaml:3:44: upstreams.o.dialects[1]: is named twice (allowed: each dialect once)',
    ],
  },
  {
    name: 'an address that only some kinds have by themselves',
    text: 'upstreams:\n  a: { kind: anthropic }\n  u: { kind: openai-compatible }\n',
    problems: [
      'test.yaml:3:3: upstreams.u.base_url: is missing (allowed: an address such as https://api.openai.com/v1)',
    ],
  },
  {
    name: 'an address of another protocol',
    text: 'upstreams: { u: { kind: openai-compatible, base_url: "file:///etc" } }\n',
    problems: [
      'test.yaml:1:54: upstreams.u.base_url: is not an http or https address (allowed: an address such as https://api.openai.com/v1)',
    ],
  },
  {
    name: 'a tab as indentation',
    text: 'server:\n\tport: 1\n',
    problems: ['test.yaml:2:1: a tab is used as indentation; use spaces'],
  },
  {
    name: 'a quote that is not closed',
    text: 'brand:\n  name: "x\n',
    problems: ['test.yaml:3:1: a character is missing: a closing quote, a bracket, a comma or a colon'],
  },
  {
    name: 'two documents',
    text: 'server: {}\n---\nserver: {}\n',
    problems: ['test.yaml:2:1: the file holds several documents (---); one is read'],
  },
  {
    name: 'a list as the whole file',
    text: '- a\n',
    problems: ['test.yaml:1:1: the file is not a configuration (allowed: keys and values)'],
  },
  {
    name: 'a key that would reach a prototype',
    text: 'pools:\n  __proto__: {}\n',
    problems: ['test.yaml:2:3: pools: has a key that is not allowed (allowed: keys are plain text)'],
  },
  {
    name: 'two ways to keys, and a key twice',
    text: upstreamFile('    api_key_env: A_KEY\n    api_keys_env: [A_KEY, A_KEY]\n'),
    problems: [
      'test.yaml:5:18: upstreams.u.api_key_env: the environment variable A_KEY is not set (allowed: a variable that holds the key, or optional: true)',
      'test.yaml:6:19: upstreams.u.api_keys_env: stands beside api_key_env (allowed: one of api_key_env, api_key_file, api_keys_env, api_keys_file)',
      'test.yaml:6:20: upstreams.u.api_keys_env[0]: the environment variable A_KEY is not set (allowed: a variable that holds the key, or optional: true)',
      'test.yaml:6:27: upstreams.u.api_keys_env[1]: is named twice (allowed: each key once)',
      'test.yaml:6:27: upstreams.u.api_keys_env[1]: the environment variable A_KEY is not set (allowed: a variable that holds the key, or optional: true)',
    ],
  },
  {
    name: 'keys themselves in the list of their variables',
    text: upstreamFile('    api_keys_env: [sk-live-1]\n'),
    problems: [
      'test.yaml:5:20: upstreams.u.api_keys_env[0]: has the wrong form (allowed: the name of an environment variable: capital letters, digits and _)',
    ],
  },
  {
    name: 'list prices whose dates make no sense, and a discount on nothing',
    text: `${upstreamFile('    price_list:\n      a: { from: 2027-01-01, input: 1, output: 1 }\n      b: [{ input: 1, output: 1 }, { input: 1, output: 2 }]\n')}  v: { kind: openai-compatible, base_url: "https://example.com", price_list_discount_percent: 5 }\n`,
    problems: [
      'test.yaml:6:18: upstreams.u.price_list.a.from: has no meaning outside a list of prices (allowed: a list of prices)',
      'test.yaml:7:36: upstreams.u.price_list.b[1]: has no from (allowed: every price of a list but the first says since when)',
      'test.yaml:8:95: upstreams.v.price_list_discount_percent: has no meaning without price_list',
    ],
  },
  {
    name: 'a price of a list that has not this model, of an upstream without route, of no upstream',
    text: `${upstreamFile('    price_list: { big: { input: 1, output: 1 } }\n')}${modelFile({
      routes: '[{ upstream: u }, { pool: p }]',
      price: '[{ list_of: u }, { from: 2027-01-01, list_of: p }]',
      variants: '[{ id: v, price: { list_of: u, minimum_usd: 1 } }]',
    })}`,
    problems: [
      'test.yaml:11:24: models[0].price[0].list_of: has no list price of this model (allowed: a model of its price_list)',
      'test.yaml:11:58: models[0].price[1].list_of: is not the name of an upstream (allowed: an upstream that the model has a route to)',
      'test.yaml:13:43: models[0].variants[0].price.list_of: has no list price of this model (allowed: a model of its price_list)',
    ],
  },
  {
    name: 'a list price of an upstream that is not among the routes, and one for pictures',
    text: `${upstreamFile('    price_list: { a: { input: 1, output: 1 } }\n')}${modelFile({
      kind: 'image',
      price: '{ list_of: u }',
    })}`,
    problems: [
      'test.yaml:11:23: models[0].price.list_of: is no price for pictures (allowed: credits, or free: true)',
      'test.yaml:11:23: models[0].price.list_of: is not among the routes (allowed: an upstream that the model has a route to)',
    ],
  },
  {
    name: 'a breaker whose longest pause is its shortest',
    text: 'routing: { breaker: { open_ms: 5000, max_open_ms: 100 } }\n',
    problems: ['test.yaml:1:51: routing.breaker.max_open_ms: is less than open_ms (allowed: at least 5000)'],
  },
];
