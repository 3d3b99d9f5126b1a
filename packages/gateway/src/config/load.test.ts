import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkConfig } from './check.ts';
import { formatProblem } from './config.ts';
import type { LoadedConfig, UpstreamConfig } from './config.ts';
import { loadConfig } from './load.ts';
import type { LoadOptions } from './load.ts';
import { printConfig, printConfigJson } from './print.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'switchyard-config-'));
  mkdirSync(join(folder, 'etc'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Writes a file into the folder and loads it, with nothing of the real environment. */
function load(text: string, options: LoadOptions & { file?: string } = {}): LoadedConfig {
  const { file = 'switchyard.yaml', ...rest } = options;
  writeFileSync(join(folder, file), text);
  const loaded = loadConfig({ path: file, environment: {}, workingFolder: folder, ...rest });
  if (!loaded.ok) throw new Error(loaded.error.map(formatProblem).join('\n'));
  return loaded.value;
}

const sourceOf = (loaded: LoadedConfig, path: string) =>
  loaded.effective.find((entry) => entry.path === path)?.source;

describe('which value wins', () => {
  const text = '# comment\nserver:\n  port: 1001\n';

  test('default, file, environment, command line', () => {
    expect(load('').config.server.port).toBe(8080);
    expect(sourceOf(load(''), 'server.port')).toEqual({ kind: 'default' });

    const file = load(text);
    expect(file.config.server.port).toBe(1001);
    expect(sourceOf(file, 'server.port')).toEqual({ kind: 'file', line: 3 });

    const environment = load(text, { environment: { SWITCHYARD_PORT: '1002' } });
    expect(environment.config.server.port).toBe(1002);
    expect(sourceOf(environment, 'server.port')).toEqual({ kind: 'environment', name: 'SWITCHYARD_PORT' });

    const command = load(text, { environment: { SWITCHYARD_PORT: '1002' }, overrides: { port: 1003 } });
    expect(command.config.server.port).toBe(1003);
    expect(sourceOf(command, 'server.port')).toEqual({ kind: 'command-line' });
  });

  test('every override reaches its value, from the environment and from the command line', () => {
    const environment = load('', {
      environment: {
        SWITCHYARD_HOST: '0.0.0.0',
        SWITCHYARD_PORT: '0',
        SWITCHYARD_DATA_DIR: '/srv/data',
        SWITCHYARD_LOG_LEVEL: 'warn',
      },
    }).config;
    expect(environment).toMatchObject({
      server: { host: '0.0.0.0', port: 0 },
      data: { dir: '/srv/data' },
      logging: { level: 'warn' },
    });
    const overrides = { host: '::1', port: '7', dataDir: '/srv/other', logLevel: 'debug' };
    expect(load('', { overrides }).config).toMatchObject({
      server: { host: '::1', port: 7 },
      data: { dir: '/srv/other' },
      logging: { level: 'debug' },
    });
  });

  test('an empty variable counts as not set', () => {
    const loaded = load(text, { environment: { SWITCHYARD_PORT: '', SWITCHYARD_CONFIG: '' } });
    expect(loaded.config.server.port).toBe(1001);
  });

  test('a bad override is blamed on where it came from, not on the file', () => {
    writeFileSync(join(folder, 'switchyard.yaml'), text);
    const load = (options: LoadOptions): string[] => {
      const loaded = loadConfig({ workingFolder: folder, environment: {}, ...options });
      return loaded.ok ? [] : loaded.error.map(formatProblem);
    };
    expect(load({ environment: { SWITCHYARD_PORT: 'http' } })).toEqual([
      'environment SWITCHYARD_PORT: server.port: must be a number, is text (allowed: a whole number from 0 to 65535)',
    ]);
    expect(load({ overrides: { logLevel: 'loud' } })).toEqual([
      'command line: logging.level: is not one of the known values (allowed: one of debug, info, warn, error, silent)',
    ]);
  });
});

describe('which file', () => {
  test('the path, then SWITCHYARD_CONFIG, then switchyard.yaml', () => {
    writeFileSync(join(folder, 'a.yaml'), 'brand: { name: A }');
    writeFileSync(join(folder, 'b.yaml'), 'brand: { name: B }');
    writeFileSync(join(folder, 'switchyard.yaml'), 'brand: { name: C }');
    const brand = (options: LoadOptions): string | undefined => {
      const loaded = loadConfig({ workingFolder: folder, ...options });
      return loaded.ok ? loaded.value.config.brand.name : undefined;
    };
    const environment = { SWITCHYARD_CONFIG: 'b.yaml' };
    expect(brand({ path: 'a.yaml', environment })).toBe('A');
    expect(brand({ environment })).toBe('B');
    expect(brand({ environment: {} })).toBe('C');
  });

  test.each([
    ['gone.yaml', 'gone.yaml: there is no such file'],
    ['etc', 'etc: is a folder, not a file'],
  ])('a file that cannot be read: %s', (path, reason) => {
    const loaded = loadConfig({ path, workingFolder: folder, environment: {} });
    expect(loaded.ok ? [] : loaded.error.map(formatProblem)).toEqual([
      `${reason} (allowed: a configuration file; name it with --config or SWITCHYARD_CONFIG)`,
    ]);
  });

  test('relative paths of the file start from its folder, those of overrides from the working folder', () => {
    expect(load('', { file: 'etc/x.yaml' }).config.data.dir).toBe(join(folder, 'etc/data'));
    expect(load('data: { dir: ../d }', { file: 'etc/x.yaml' }).config.data.dir).toBe(join(folder, 'd'));
    const overridden = load('', { file: 'etc/x.yaml', overrides: { dataDir: 'here' } });
    expect(overridden.config.data.dir).toBe(join(folder, 'here'));
  });
});

describe('the loaded configuration', () => {
  test('has units, is complete and deeply frozen', () => {
    const { config, warnings } = load(
      [
        'server: { drain_seconds: 1.5, drain_delay_ms: 250, chat_body_max_bytes: 64 KiB, public_url: "https://x.example/" }',
        'accounts: { welcome_usd: "0.50" }',
        'limits: { queue_wait_seconds: 0.25 }',
        'pools: { p: { description: d } }',
        'upstreams:',
        '  u:',
        '    kind: openai-compatible',
        '    base_url: http://127.0.0.1:1/v1/',
        '    allow_private_addresses: [127.0.0.0/8]',
        '    headers: { X-Title: t }',
        'models:',
        '  - id: m',
        '    context_tokens: 10',
        '    max_output_tokens: 5',
        '    capabilities: { thinking: true }',
        '    settings: { reasoning_effort: low }',
        '    price: { per_million_usd: { input: 1.000001, output: 3 }, list_discount_percent: 50 }',
        '    routes: [{ pool: p }, { upstream: u, model: r }]',
        '    variants: [{ id: v, settings: { reasoning_effort: high }, price: { credits: "0.5" } }]',
      ].join('\n'),
    );
    expect(warnings).toEqual([]);
    expect(config.server).toMatchObject({
      drainDelayMs: 250,
      drainMs: 1500,
      chatBodyMaxBytes: 65_536,
      publicUrl: 'https://x.example',
    });
    expect(config.accounts.welcomeMicros).toBe(500_000);
    expect(config.limits).toEqual({
      requestsPerMinute: 60,
      concurrency: 16,
      accountConcurrency: 64,
      queueWaitMs: 250,
      queueDepth: 256,
    });
    expect(config.upstreams).toEqual([
      {
        name: 'u',
        kind: 'openai-compatible',
        dialects: ['chat-completions'],
        baseUrl: 'http://127.0.0.1:1/v1',
        apiKeys: [],
        enabled: true,
        headers: [{ name: 'x-title', value: 't' }],
        connectTimeoutMs: 5000,
        firstByteTimeoutMs: 120_000,
        stallTimeoutMs: 60_000,
        replyTimeoutMs: 600_000,
        allowPrivateAddresses: ['127.0.0.0/8'],
        onDisconnect: 'cancel',
        maxTokensField: 'max_tokens',
        allowPaidExtras: false,
        costs: [],
      },
    ]);
    expect(config.models[0]).toMatchObject({
      displayName: 'm',
      ownedBy: 'Switchyard',
      // Half of 1.000001 is rounded up to a whole µ$; missing buckets follow input and output.
      prices: [
        {
          fromMs: -Infinity,
          price: {
            type: 'per-token',
            inputMicrosPerMillion: 500_001,
            imageInputMicrosPerMillion: 500_001,
            cacheReadMicrosPerMillion: 500_001,
            cacheWriteMicrosPerMillion: 500_001,
            outputMicrosPerMillion: 1_500_000,
            reasoningMicrosPerMillion: 1_500_000,
            minimumMicros: 0,
          },
        },
      ],
      routes: [
        { kind: 'pool', pool: 'p', remoteModel: 'm' },
        { kind: 'upstream', upstream: 'u', remoteModel: 'r' },
      ],
      variants: [
        {
          id: 'v',
          settings: { reasoningEffort: 'high' },
          prices: [{ fromMs: -Infinity, price: { type: 'flat', amountMicros: 5_000 } }],
          maxOutputTokens: 5,
        },
      ],
    });
    expect(isFrozenAllTheWay(config)).toBe(true);
  });

  test('an upstream of the kind openai has an address, its dialects and the name of the cap by itself', () => {
    const [own, other] = load(
      'upstreams:\n  a: { kind: openai, max_tokens_field: max_tokens }\n  b: { kind: openai, base_url: "https://b.example/v1/", dialects: [chat-completions] }\n',
    ).config.upstreams;
    expect(own).toMatchObject({
      baseUrl: 'https://api.openai.com/v1',
      dialects: ['responses', 'chat-completions'],
      maxTokensField: 'max_completion_tokens',
    });
    expect(other).toMatchObject({ baseUrl: 'https://b.example/v1', dialects: ['chat-completions'] });
  });

  test('an upstream of the kind anthropic has an address by itself', () => {
    const [own, other] = load(
      'upstreams:\n  a: { kind: anthropic }\n  b: { kind: anthropic, base_url: "https://b.example/", allow_paid_extras: true }\n',
    ).config.upstreams;
    expect(own).toMatchObject({
      kind: 'anthropic',
      baseUrl: 'https://api.anthropic.com',
      allowPaidExtras: false,
    });
    expect(other).toMatchObject({ baseUrl: 'https://b.example', allowPaidExtras: true });
  });

  test('an alias of YAML means what its anchor says', () => {
    const text =
      'pools: { p: {} }\nmodels:\n' +
      '  - { id: a, context_tokens: 2, max_output_tokens: 1, price: &x { credits: 3 }, routes: &r [{ pool: p }] }\n' +
      '  - { id: b, context_tokens: 2, max_output_tokens: 1, price: *x, routes: *r }\n';
    const [a, b] = load(text).config.models;
    expect(b?.prices).toEqual(a?.prices);
  });

  test('a list of prices has dates, in UTC, and is shown with the lines that it came from', () => {
    const loaded = load(
      'pools: { p: {} }\nmodels:\n' +
        '  - id: a\n    context_tokens: 2\n    max_output_tokens: 1\n    routes: [{ pool: p }]\n' +
        '    price:\n      - { credits: 1 }\n      - { from: 2027-01-01, credits: 2 }\n' +
        '      - { from: "2028-02-29T23:59:59.5Z", free: true }\n',
    );
    expect(loaded.config.models[0]?.prices).toEqual([
      { fromMs: -Infinity, price: { type: 'flat', amountMicros: 10_000 } },
      { fromMs: Date.UTC(2027, 0, 1), price: { type: 'flat', amountMicros: 20_000 } },
      { fromMs: Date.UTC(2028, 1, 29, 23, 59, 59, 500), price: { type: 'flat', amountMicros: 0 } },
    ]);
    expect(loaded.effective).toContainEqual({
      path: 'models[0].price[1].from',
      value: '2027-01-01',
      source: { kind: 'file', line: 9 },
    });
  });

  test('warns of what is likely not meant', () => {
    const text = [
      'upstreams:',
      '  off: { kind: openai-compatible, base_url: "https://a.example", api_key_env: NO_KEY, optional: true }',
      '  local: { kind: openai-compatible, base_url: "http://localhost:1" }',
      '  open: { kind: openai-compatible, base_url: "http://a.example", api_key_env: KEY }',
      'models:',
      '  - { id: m, context_tokens: 2, max_output_tokens: 1, price: { free: true }, routes: [{ upstream: off }] }',
      'server: { public_url: "http://ai.example.com" }',
    ].join('\n');
    writeFileSync(join(folder, 'warn.yaml'), text);
    const report = checkConfig('warn.yaml', { workingFolder: folder, environment: { KEY: 'k' } });
    expect(report.ok).toBe(true);
    expect(report.warnings.map(formatProblem)).toEqual([
      'warn.yaml:2:79: upstreams.off.api_key_env: the environment variable NO_KEY is not set; the upstream is switched off',
      'warn.yaml:3:47: upstreams.local.base_url: is an address of this machine, which allow_private_addresses: false refuses',
      'warn.yaml:4:46: upstreams.open.base_url: is not encrypted: the key and every prompt can be read on the way',
      'warn.yaml:6:86: models[0].routes: all its upstreams are switched off; the model is unavailable',
      'warn.yaml:7:23: server.public_url: is not encrypted: keys, passwords and sessions can be read on the way',
    ]);
    expect(checkConfig('gone.yaml', { workingFolder: folder, environment: {} })).toMatchObject({ ok: false });
  });
});

describe('secrets', () => {
  const KEY = 'sk-very-secret-4711';
  const OTHER = 'file-secret-4712';
  const TOKEN = 'scrape-secret-4713';

  function loadWithSecrets(): LoadedConfig {
    writeFileSync(join(folder, 'etc/key'), `${OTHER}\n`);
    const text = [
      'server: { metrics: { token_env: SCRAPE } }',
      'upstreams:',
      '  a: { kind: openai-compatible, base_url: "https://a.example", api_key_env: A_KEY }',
      '  b: { kind: openai-compatible, base_url: "https://b.example", api_key_file: key, headers: { x-note: hidden-note } }',
      '  c: { kind: openai-compatible, base_url: "https://c.example", api_key_env: C_KEY, optional: true }',
    ].join('\n');
    return load(text, { file: 'etc/secrets.yaml', environment: { A_KEY: ` ${KEY}\n`, SCRAPE: TOKEN } });
  }

  const revealed = ({ apiKeys }: UpstreamConfig) =>
    apiKeys.map(({ name, secret }) => [name, secret.reveal()]);

  test('come from the environment or a file, and reach the program', () => {
    const { config } = loadWithSecrets();
    expect(config.upstreams.map(revealed)).toEqual([[['A_KEY', KEY]], [['key', OTHER]], []]);
    expect(config.upstreams.map((upstream) => upstream.enabled)).toEqual([true, true, false]);
    expect(config.server.metrics.token?.matches(TOKEN)).toBe(true);
    expect(config.server.metrics.token?.matches(`${TOKEN}x`)).toBe(false);
  });

  test('several keys of one upstream, in their order; of optional ones, those that are there', () => {
    writeFileSync(join(folder, 'etc/key'), `${OTHER}\n`);
    const text = [
      'upstreams:',
      '  a: { kind: openai-compatible, base_url: "https://a.example", api_keys_env: [A_KEY, B_KEY] }',
      '  b: { kind: openai-compatible, base_url: "https://b.example", api_keys_file: [./key] }',
      '  c: { kind: openai-compatible, base_url: "https://c.example", api_keys_env: [GONE, A_KEY], optional: true }',
      '  d: { kind: openai-compatible, base_url: "https://d.example", api_keys_env: [GONE], optional: true }',
    ].join('\n');
    const loaded = load(text, {
      file: 'etc/several.yaml',
      environment: { A_KEY: KEY, B_KEY: 'b-secret-4714' },
    });
    expect(loaded.config.upstreams.map(revealed)).toEqual([
      [
        ['A_KEY', KEY],
        ['B_KEY', 'b-secret-4714'],
      ],
      [['key', OTHER]],
      [['A_KEY', KEY]],
      [],
    ]);
    expect(loaded.config.upstreams.map(({ enabled }) => enabled)).toEqual([true, true, true, false]);
    expect(loaded.warnings.map(formatProblem).slice(1)).toEqual([
      'etc/several.yaml:4:79: upstreams.c.api_keys_env[0]: the environment variable GONE is not set; the key is left out',
      'etc/several.yaml:5:79: upstreams.d.api_keys_env[0]: the environment variable GONE is not set; the key is left out',
    ]);
    const printed = printConfig(loaded);
    for (const secret of [KEY, OTHER, 'b-secret-4714']) expect(printed).not.toContain(secret);
    expect(printed).toMatch(/^upstreams\.a\.api_keys\[1\] = \*\*\* +# environment B_KEY$/m);
    expect(printed).toMatch(/^upstreams\.c\.api_keys\[0\] = \(not set\) +# environment GONE$/m);
  });

  test('are never printed', () => {
    const loaded = loadWithSecrets();
    const printed = [
      printConfig(loaded),
      printConfigJson(loaded),
      JSON.stringify(loaded),
      inspect(loaded, { depth: Infinity, showHidden: true }),
      String(loaded.config.upstreams[0]?.apiKeys[0]?.secret),
    ];
    for (const text of printed) {
      for (const secret of [KEY, OTHER, TOKEN]) expect(text).not.toContain(secret);
    }
    expect(printed[0]).not.toContain('hidden-note');
    expect(printed[0]).toMatch(/^upstreams\.a\.api_key = \*\*\* +# environment A_KEY$/m);
    expect(printed[0]).toMatch(/^upstreams\.b\.api_key = \*\*\* +# etc\/secrets\.yaml:4$/m);
    expect(printed[0]).toMatch(/^upstreams\.c\.api_key = \(not set\) +# environment C_KEY$/m);
    expect(JSON.parse(printed[1] ?? '')).toMatchObject({
      'server.port': { value: 8080, source: 'default' },
      'server.metrics.token': { value: '***', source: 'environment SCRAPE' },
      'upstreams.b.headers.x-note': { value: '***', source: 'etc/secrets.yaml:4' },
    });
  });
});

function isFrozenAllTheWay(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return Object.isFrozen(value) && Object.values(value).every(isFrozenAllTheWay);
}
