import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { loadConfig } from './config.ts';
import { readConfigFile } from './config-file.ts';
import type { ConnectOptions } from './connect-options.ts';

const SECRET = 'nk_secret_0123456789';
const folder = mkdtempSync(join(tmpdir(), 'connector-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
function fileOf(text: string): string {
  files += 1;
  const path = join(folder, `${files}.yaml`);
  writeFileSync(path, text);
  return path;
}

function flags(change: Partial<ConnectOptions> = {}): ConnectOptions {
  return {
    engines: [],
    models: [],
    allowLan: false,
    isPrivate: false,
    yieldsToLocalUse: false,
    noBench: false,
    json: false,
    endsWithStdin: false,
    ...change,
  };
}

const DEMO = { gateway: 'https://gateway.example', token: SECRET, engines: ['demo'] };

function problemsOf(options: Partial<ConnectOptions>, environment = {}): string[] {
  const loaded = loadConfig(flags(options), environment);
  return loaded.ok ? [] : loaded.problems;
}

describe('proxies', () => {
  const proxiesOf = (environment: Record<string, string>) => {
    const loaded = loadConfig(flags(DEMO), environment);
    return loaded.ok ? loaded.config.proxies : loaded.problems;
  };
  it.each([
    [{}, {}],
    [{ HTTPS_PROXY: '', NO_PROXY: '' }, {}],
    [
      { HTTPS_PROXY: 'http://a:1', HTTP_PROXY: 'http://b:2', NO_PROXY: '.local,10.0.0.0' },
      { https: 'http://a:1', http: 'http://b:2', except: '.local,10.0.0.0' },
    ],
    [{ HTTPS_PROXY: 'http://a:1', https_proxy: 'https://c:3' }, { https: 'https://c:3' }],
    [{ ALL_PROXY: 'socks5://a:1' }, {}],
  ])('come from the environment: %j', (environment, expected) => {
    expect(proxiesOf(environment)).toEqual(expected);
  });
  it.each(['socks5://secret:1', 'secret', 'http://'])('are refused without repeating them: %s', (value) => {
    const problems = proxiesOf({ HTTPS_PROXY: value });
    expect(problems).toEqual([expect.stringContaining('HTTPS_PROXY: must be')]);
    expect(JSON.stringify(problems)).not.toContain('secret');
  });
});

describe('flags', () => {
  it('are enough for a demo node', () => {
    const loaded = loadConfig(flags(DEMO), {});
    expect(loaded).toMatchObject({
      ok: true,
      config: {
        gateway: 'https://gateway.example',
        token: SECRET,
        isPrivate: false,
        engines: [{ kind: 'demo', slots: 4, choices: undefined }],
      },
    });
  });

  it('describe servers', () => {
    const loaded = loadConfig(
      flags({
        ...DEMO,
        engines: ['demo', 'openai=http://192.168.0.5:8080/v1'],
        models: ['fast=qwen3:8b', 'plain'],
        slots: '2',
        allowLan: true,
        isPrivate: true,
      }),
      {},
    );
    expect(loaded).toMatchObject({
      ok: true,
      config: {
        isPrivate: true,
        engines: [
          { kind: 'demo', slots: 2, choices: undefined },
          {
            kind: 'openai-compatible',
            baseUrl: 'http://192.168.0.5:8080/v1',
            allowLan: true,
            slots: 2,
            choices: [
              { alias: 'fast', localName: 'qwen3:8b' },
              { alias: 'plain', localName: 'plain' },
            ],
          },
        ],
      },
    });
  });

  it.each<[string, Partial<ConnectOptions>, string]>([
    ['an unknown engine', { ...DEMO, engines: ['llama'] }, '--engine: must be'],
    ['a server without its address', { ...DEMO, engines: ['openai'] }, 'openai=http'],
    ['a model file without its name', { ...DEMO, engines: ['gguf'] }, '--engine: must be'],
    ['a model file that is not there', { ...DEMO, engines: ['gguf=/no/such.gguf'] }, '--gguf: the file'],
    ['a folder as a model file', { ...DEMO, engines: [`gguf=${folder}`] }, '--gguf: is no file'],
    ['an address of the wrong kind', { ...DEMO, engines: ['ollama=127.0.0.1:11434'] }, 'http'],
    ['an engine that is no URL', { ...DEMO, engines: ['openai=localhost:11434'] }, 'http'],
    ['an engine elsewhere', { ...DEMO, engines: ['openai=http://8.8.8.8/v1'] }, 'private network'],
    ['an engine in the LAN', { ...DEMO, engines: ['openai=http://10.0.0.1/v1'] }, '--allow-lan'],
    ['an engine with a password', { ...DEMO, engines: ['openai=http://a:b@localhost/v1'] }, 'api_key_env'],
    ['no slots', { ...DEMO, slots: '0' }, '--slots'],
    ['too many slots for the demo', { ...DEMO, slots: '65' }, '1 to 64'],
    ['slots that are no number', { ...DEMO, slots: '1e3' }, '--slots'],
    ['a model without a name', { ...DEMO, models: ['a='] }, '--model: must be'],
    [
      'a model for two servers',
      { ...DEMO, engines: ['openai=http://localhost:1/v1', 'openai=http://localhost:2/v1'], models: ['a'] },
      'exactly one engine',
    ],
    ['an alias twice', { ...DEMO, models: ['a=b', 'a=c'] }, 'more than one'],
    ['no gateway', { token: SECRET, engines: ['demo'] }, 'no gateway'],
    ['a gateway that is no URL', { ...DEMO, gateway: 'gateway' }, 'gateway: must be'],
    ['a gateway of another kind', { ...DEMO, gateway: 'ftp://x' }, 'gateway: must be'],
    [
      'a gateway with a token in it',
      { ...DEMO, gateway: `https://x/?token=${SECRET}` },
      'gateway: must hold no',
    ],
    ['no token', { gateway: 'https://x', engines: ['demo'] }, 'SWITCHYARD_NODE_TOKEN'],
    ['a token of two words', { ...DEMO, token: `${SECRET} x` }, '--token: holds no'],
    ['two tokens', { ...DEMO, tokenFile: 'x' }, 'only one'],
    [
      'a token file that is not there',
      { gateway: 'https://x', engines: ['demo'], tokenFile: join(folder, 'no') },
      'ENOENT',
    ],
    ['a file that is not there', { ...DEMO, configFile: join(folder, 'no') }, 'ENOENT'],
    [
      'a flag that nothing uses',
      {
        gateway: 'https://x',
        token: SECRET,
        slots: '3',
        models: ['a'],
        configFile: fileOf('engines: [{ kind: demo }]'),
      },
      '--model, --slots',
    ],
  ])('with %s are refused', (_name, options, words) => {
    const problems = problemsOf(options);
    expect(problems.join('\n')).toContain(words);
    expect(problems.join('\n')).not.toContain(SECRET);
  });
});

describe('engines with an adapter of their own', () => {
  const engineOf = (options: Partial<ConnectOptions>, environment = {}) => {
    const loaded = loadConfig(flags(options), environment);
    return loaded.ok ? loaded.config.engines[0] : loaded.problems;
  };

  it.each<[string, string, string]>([
    ['ollama', 'ollama', 'http://127.0.0.1:11434'],
    ['llama.cpp', 'llama-cpp', 'http://127.0.0.1:8080'],
    ['vLLM', 'vllm', 'http://127.0.0.1:8000'],
    ['lmstudio', 'lm-studio', 'http://127.0.0.1:1234'],
    ['ollama=http://127.0.0.1:9/api', 'ollama', 'http://127.0.0.1:9/api'],
  ])('%s is %s at %s, with the slots that it names itself', (word, kind, baseUrl) => {
    const engine = engineOf({ ...DEMO, engines: [word] });
    expect(engine).toMatchObject({ kind, baseUrl, slots: undefined });
  });

  it('are described in a file', () => {
    const configFile = fileOf(
      'engines:\n  - { kind: vllm, share_prompt_cache: true, slots: 32 }\n' +
        '  - { kind: ollama, keep_alive: 30m }',
    );
    expect(loadConfig(flags({ ...DEMO, engines: [], configFile }), {})).toMatchObject({
      config: {
        engines: [
          { kind: 'vllm', baseUrl: 'http://127.0.0.1:8000', slots: 32, sharesPromptCache: true },
          { kind: 'ollama', keepAlive: '30m' },
        ],
      },
    });
  });

  it('may be a model file, whose one model needs no name of its own', () => {
    const model = fileOf('GGUF');
    const name = basename(model);
    expect(engineOf({ ...DEMO, engines: [`gguf=${model}`], models: ['tiny'], slots: '3' })).toMatchObject({
      kind: 'gguf',
      file: model,
      slots: 3,
      choices: [{ alias: 'tiny', localName: name }],
    });
    const configFile = fileOf(
      `engines:\n  - kind: gguf\n    file: ${name}\n    llama_server: bin/llama-server\n    context_tokens: 4096\n` +
        '    models: [{ alias: tiny, tools: false }]',
    );
    expect(engineOf({ ...DEMO, engines: [], configFile })).toMatchObject({
      kind: 'gguf',
      file: model,
      program: join(folder, 'bin/llama-server'),
      contextTokens: 4096,
      choices: [{ alias: 'tiny', localName: name }],
      settings: new Map([[name, { tools: false }]]),
    });
  });

  it('are looked for when none is given', () => {
    expect(loadConfig(flags({ ...DEMO, engines: [], slots: '3' }), {})).toMatchObject({
      ok: true,
      config: { engines: [] },
    });
  });

  it('bring a warning when Ollama is told to log here', () => {
    const warningsWith = (environment: Record<string, string>) => {
      const { gateway } = DEMO;
      const variables = { SWITCHYARD_NODE_TOKEN: SECRET, ...environment };
      const loaded = loadConfig(flags({ gateway, engines: ['ollama'] }), variables);
      return loaded.ok ? loaded.warnings : loaded.problems;
    };
    expect(warningsWith({ OLLAMA_DEBUG: '1' }).join('')).toContain('writes prompts');
    expect(warningsWith({ OLLAMA_DEBUG: '0' })).toEqual([]);
  });
});

describe('the token', () => {
  const base = { gateway: 'https://x', engines: ['demo'] };
  const environment = { SWITCHYARD_NODE_TOKEN: 'from-environment', OTHER: 'from-other' };
  const tokenFile = fileOf('  from-file\n');

  it.each<[string, Partial<ConnectOptions>, Record<string, string>, string]>([
    ['a flag', { token: 'from-flag' }, environment, 'from-flag'],
    ['a file of a flag', { tokenFile }, environment, 'from-file'],
    ['the environment', { configFile: fileOf('token: from-config') }, environment, 'from-environment'],
    ['the configuration', { configFile: fileOf('token: from-config') }, {}, 'from-config'],
    ['a named variable', { configFile: fileOf('token_env: OTHER') }, { OTHER: 'from-other' }, 'from-other'],
    [
      'a named file beside the configuration',
      { configFile: fileOf(`token_file: ${basename(tokenFile)}`) },
      {},
      'from-file',
    ],
  ])('comes from %s', (_name, options, variables, expected) => {
    const loaded = loadConfig(flags({ ...base, ...options }), variables);
    expect(loaded.ok ? loaded.config.token : loaded.problems).toBe(expected);
  });

  it('on the command line gives a warning, elsewhere none', () => {
    const onLine = loadConfig(flags({ ...base, token: 'a' }), {});
    const inVariable = loadConfig(flags(base), environment);
    expect(onLine.ok && onLine.warnings.join()).toContain('process list');
    expect(inVariable.ok && inVariable.warnings).toEqual([]);
  });

  it('in the clear gives a warning', () => {
    const warningsOf = (gateway: string): string => {
      const loaded = loadConfig(flags({ ...base, gateway }), environment);
      return loaded.ok ? loaded.warnings.join() : 'not loaded';
    };
    expect(warningsOf('http://gateway.example')).toContain('TLS');
    expect(warningsOf('ws://192.168.0.1:80')).toContain('TLS');
    for (const gateway of [
      'https://x',
      'wss://x',
      'http://localhost:1',
      'http://127.0.0.1:1',
      'http://[::1]:1',
    ]) {
      expect(warningsOf(gateway)).toBe('');
    }
  });
});

describe('a configuration file', () => {
  it('describes everything', () => {
    const configFile = fileOf(`
gateway: https://gateway.example
token: ${SECRET}
private: true
engines:
  - kind: demo
    slots: 1
    models: [{ alias: tiny }]
  - kind: openai-compatible
    base_url: http://127.0.0.1:8080/v1
    api_key_env: ENGINE_KEY
    slots: 8
    models:
      - alias: big
        local: qwen3-32b
        context_tokens: 32768
        max_output_tokens: 4096
        tools: false
        vision: true
        thinking: true
        json_schema: true
      - local: same
`);
    const loaded = loadConfig(flags({ configFile }), { ENGINE_KEY: 'key' });
    expect(loaded).toEqual({
      ok: true,
      warnings: [],
      config: {
        gateway: 'https://gateway.example',
        token: SECRET,
        isPrivate: true,
        fairUse: { yieldsToLocalUse: false },
        speedFile: join(homedir(), '.cache/switchyard/speeds.json'),
        proxies: {},
        engines: [
          { kind: 'demo', slots: 1, choices: [{ alias: 'tiny', localName: 'mote-chat' }] },
          {
            kind: 'openai-compatible',
            baseUrl: 'http://127.0.0.1:8080/v1',
            apiKey: 'key',
            allowLan: false,
            slots: 8,
            choices: [
              { alias: 'big', localName: 'qwen3-32b' },
              { alias: 'same', localName: 'same' },
            ],
            settings: new Map([
              [
                'qwen3-32b',
                {
                  contextTokens: 32768,
                  maxOutputTokens: 4096,
                  tools: false,
                  vision: true,
                  thinking: true,
                  jsonSchema: true,
                },
              ],
              ['same', {}],
            ]),
            keepAlive: undefined,
            sharesPromptCache: false,
          },
        ],
      },
    });
  });

  it('gives way to flags', () => {
    const configFile = fileOf('gateway: https://file\nengines: [{ kind: demo }]');
    const loaded = loadConfig(flags({ ...DEMO, engines: ['openai=http://localhost:1/v1'], configFile }), {});
    expect(loaded).toMatchObject({
      ok: true,
      config: { gateway: 'https://gateway.example', engines: [{ kind: 'openai-compatible' }] },
    });
  });

  it.each<[string, string, string]>([
    ['a mistyped key', 'gatewy: x', 'f.yaml:1: gatewy: unknown key; did you mean gateway?'],
    ['a strange key', 'a: 1', 'f.yaml:1: a: unknown key; known here: gateway, token'],
    [
      'a mistyped key of an engine',
      'engines:\n  - kind: demo\n    slot: 3',
      'f.yaml:3: engines[0].slot: unknown key; did you mean slots?',
    ],
    [
      'a key with a dash',
      'engines:\n  - kind: openai\n    base-url: x',
      'f.yaml:3: engines[0].base-url: unknown key; did you mean base_url?',
    ],
    ['a number for a text', 'gateway: 7', 'f.yaml:1: gateway: must be a text'],
    ['an empty value', '\ngateway:', 'f.yaml:2: gateway: must be a text'],
    ['a list for a text', 'gateway: [a]', 'f.yaml:1: gateway: must be a text'],
    ['a text for a truth', 'private: yes please', 'f.yaml:1: private: must be true or false'],
    ['a mapping for a list', 'engines: { kind: demo }', 'f.yaml:1: engines: must be a list'],
    ['a text for a mapping', 'engines:\n  - demo', 'f.yaml:2: engines[0]: must be a mapping'],
    [
      'a time that Ollama does not know',
      'engines:\n  - kind: ollama\n    keep_alive: half an hour',
      'f.yaml:3: engines[0].keep_alive: must be a time',
    ],
    [
      'a key of another kind',
      'engines:\n  - kind: ollama\n    share_prompt_cache: true',
      'f.yaml:3: engines[0].share_prompt_cache: does not go with kind ollama',
    ],
    ['a model file that is not named', 'engines:\n  - kind: gguf', 'f.yaml:2: engines[0].file: is missing'],
    [
      'a model file that is not there',
      'engines:\n  - kind: gguf\n    file: /no/such.gguf',
      'f.yaml:3: engines[0].file: the file cannot be read (ENOENT)',
    ],
    ['no kind', 'engines:\n  - slots: 1', 'f.yaml:2: engines[0].kind: is missing'],
    ['an unknown kind', 'engines:\n  - kind: llama', 'f.yaml:2: engines[0].kind: must be ollama, llama-cpp'],
    [
      'a fraction of a slot',
      'engines:\n  - kind: demo\n    slots: 1.5',
      'f.yaml:3: engines[0].slots: must be a whole number from 1 to 64',
    ],
    [
      'a server without an address',
      'engines:\n  - kind: openai',
      'f.yaml:2: engines[0].base_url: is missing',
    ],
    [
      'an address for the demo',
      'engines:\n  - kind: demo\n    base_url: http://localhost',
      'f.yaml:3: engines[0].base_url: does not go with kind demo',
    ],
    [
      'an address elsewhere',
      'engines:\n  - kind: openai\n    base_url: http://8.8.8.8/v1',
      'f.yaml:3: engines[0].base_url: must be on this machine',
    ],
    [
      'a key that is not set',
      'engines:\n  - kind: openai\n    base_url: http://localhost/v1\n    api_key_env: NOT_SET',
      'f.yaml:4: engines[0].api_key_env: names an environment variable that is not set',
    ],
    [
      'a model without a name',
      'engines:\n  - kind: openai\n    base_url: http://localhost/v1\n    models:\n      - tools: true',
      'f.yaml:5: engines[0].models[0].alias: is missing',
    ],
    [
      'no context',
      'engines:\n  - kind: openai\n    base_url: http://localhost/v1\n    models:\n      - { alias: a, context_tokens: 0 }',
      'f.yaml:5: engines[0].models[0].context_tokens: must be a whole number from 1',
    ],
    [
      'a size of the demo model',
      'engines:\n  - kind: demo\n    models: [{ alias: a, context_tokens: 9 }]',
      'f.yaml:3: engines[0].models[0].context_tokens: is fixed',
    ],
    ['two tokens', 'token: a\ntoken_env: b', 'f.yaml:2: token_env: give only one'],
    ['a key twice', 'gateway: a\ngateway: b', 'f.yaml:2: Map keys must be unique'],
    ['no mapping', '- a', 'f.yaml:1: must be a mapping'],
    ['nothing', '', 'f.yaml:1: must be a mapping'],
    ['a broken quote', `token: "${SECRET}`, 'f.yaml:1: Missing closing'],
    ['an alias', 'gateway: &a x\ntoken: *a', 'f.yaml:2: token: must be a text'],
  ])('with %s is refused with its line', (_name, source, expected) => {
    const { problems } = readConfigFile({ name: 'f.yaml', source }, {});
    expect(problems.join('\n')).toContain(expected);
    expect(problems.join('\n')).not.toContain(SECRET);
  });

  it('names all problems at once', () => {
    const source = 'gatewy: x\nprivate: 1\nengines:\n  - kind: demo\n    slots: x';
    const { problems } = readConfigFile({ name: 'f.yaml', source }, {});
    expect(problems.map((problem) => problem.split(':')[1])).toEqual(['1', '2', '5']);
  });

  it('never throws, whatever is in it', () => {
    const value = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        fc.constantFrom('demo', 'openai', 'http://localhost/v1', 1, -1, true, null, ''),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(
          fc.constantFrom('gateway', 'token', 'engines', 'kind', 'base_url', 'models', 'alias', 'slots', 'x'),
          tie('value'),
          { maxKeys: 5 },
        ),
      ),
    })).value;
    fc.assert(
      fc.property(
        fc.oneof(
          value.map((given) => JSON.stringify(given)),
          fc.string(),
        ),
        (source) => {
          const { config, problems } = readConfigFile({ name: 'f.yaml', source }, {});
          expect(typeof config).toBe('object');
          for (const problem of problems) expect(problem).toMatch(/^f\.yaml:\d+: /u);
        },
      ),
    );
  });
});

describe('what the owner wants for themselves', () => {
  const loadFile = (text: string, change: Partial<ConnectOptions> = {}, environment = {}) => {
    const loaded = loadConfig(flags({ ...DEMO, configFile: fileOf(text), ...change }), environment);
    return loaded.ok ? loaded.config : loaded.problems;
  };

  it('stands in the file', () => {
    const text = `
hours: "22:00-07:00"
yield_to_local_use: true
power_limit_command: [nvidia-smi, -pl, 250]
power_restore_command: [nvidia-smi, -pl, "450"]
`;
    expect(loadFile(text)).toMatchObject({
      fairUse: {
        hours: { fromMinute: 22 * 60, untilMinute: 7 * 60 },
        yieldsToLocalUse: true,
        powerLimit: ['nvidia-smi', '-pl', '250'],
        powerRestore: ['nvidia-smi', '-pl', '450'],
      },
    });
  });

  it('is overruled by flags', () => {
    const config = loadFile('hours: "22:00-07:00"\n', { hours: '9:00-10:00', yieldsToLocalUse: true });
    expect(config).toMatchObject({
      fairUse: { hours: { fromMinute: 540, untilMinute: 600 }, yieldsToLocalUse: true },
    });
  });

  it.each([
    ['hours: "22-7"\n', 'hours: must be two times of the day such as "22:00-07:00"'],
    ['hours: 22:00-07:00x\n', 'hours: must be two times'],
    ['yield_to_local_use: yes please\n', 'yield_to_local_use: must be true or false'],
    ['power_limit_command: nvidia-smi -pl 250\n', 'power_limit_command: must be a list of texts'],
    ['power_limit_command: []\n', 'power_limit_command: must be a list of texts'],
    ['power_limit_command: [a, [b]]\n', 'power_limit_command: must be a list of texts'],
    ['power_restore_command: [a]\n', 'power_restore_command: has nothing to restore'],
  ])('%j is refused', (text, problem) => {
    expect(loadFile(text)).toEqual([expect.stringContaining(`.yaml:1: ${problem}`)]);
  });

  it('is refused on the command line when it says nothing', () => {
    expect(problemsOf({ ...DEMO, hours: 'night' })).toEqual([
      '--hours: must be two times of the day such as "22:00-07:00"',
    ]);
  });

  it.each([
    [{}, 'private: true\n', {}, join(homedir(), '.cache/switchyard/speeds.json')],
    [{}, 'private: true\n', { XDG_CACHE_HOME: '/x' }, '/x/switchyard/speeds.json'],
    [
      {},
      'private: true\n',
      { XDG_CACHE_HOME: '/x', CACHE_DIRECTORY: '/var/cache/s' },
      '/var/cache/s/speeds.json',
    ],
    [{ noBench: true }, 'bench: true\n', {}, undefined],
    [{}, 'bench: false\n', {}, undefined],
    [{}, 'bench: true\n', { XDG_CACHE_HOME: '/x' }, '/x/switchyard/speeds.json'],
  ])('speeds: %j %j %j', (change, text, environment, speedFile) => {
    expect(loadFile(text, change, environment)).toMatchObject({ speedFile });
  });
});
