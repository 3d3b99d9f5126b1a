import { readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { FairUseRules } from '../fair-use.ts';
import type { Proxies } from '../link/proxy-agent.ts';
import type { ConfigFile } from './config-file.ts';
import { HOURS_FORM, readConfigFile } from './config-file.ts';
import type { ConnectOptions } from './connect-options.ts';
import type { EngineConfig } from './engine-config.ts';
import { readEngineFlags } from './engine-flags.ts';
import { parseHours } from './hours.ts';
import { readProxies } from './proxies.ts';

/** Everything the connector needs to know, checked. */
export type ConnectorConfig = {
  /** As given: with http(s) or ws(s). */
  gateway: string;
  token: string;
  isPrivate: boolean;
  /** None: those of this machine are to be looked for. */
  engines: EngineConfig[];
  fairUse: FairUseRules;
  /** Where measured speeds are kept; undefined: models are not measured. */
  speedFile: string | undefined;
  /** Between this machine and the gateway. */
  proxies: Proxies;
};

export type LoadedConfig =
  | { ok: true; config: ConnectorConfig; warnings: string[] }
  | { ok: false; problems: string[] };

export type Environment = Readonly<Record<string, string | undefined>>;

export const TOKEN_VARIABLE = 'SWITCHYARD_NODE_TOKEN';

const FILE_MAX_BYTES = 1024 * 1024;
const TOKEN_MAX_CHARS = 512;

/**
 * Puts flags, environment and file together; the first of them that says something wins.
 * All problems come at once. No message holds a token or a key. This is the only reader of `process.env`.
 */
export function loadConfig(options: ConnectOptions, environment: Environment = process.env): LoadedConfig {
  const problems: string[] = [];
  const file = loadFile(options.configFile, environment, problems);
  const isFileUsed = options.engines.length === 0 && (file.engines ?? []).length > 0;
  if (isFileUsed) checkNoEngineFlags(options, problems);
  const flags = options.engines.length > 0 ? readEngineFlags(options, environment) : NO_FLAGS;
  problems.push(...flags.problems);
  const engines = isFileUsed ? (file.engines ?? []) : flags.engines;
  checkAliases(engines, problems);
  const fairUse = readFairUse(options, file, problems);
  const gateway = readGateway(options.gateway ?? file.gateway, problems);
  const token = readToken(options, { file, environment }, problems);
  const proxies = readProxies(environment, problems);
  if (gateway === undefined || token === undefined || problems.length > 0) return { ok: false, problems };

  const warnings: string[] = [];
  if (options.token !== undefined) {
    warnings.push(
      `a token on the command line can be read in the process list; use --token-file or ${TOKEN_VARIABLE}`,
    );
  }
  if (sendsInTheClear(gateway)) {
    warnings.push(
      'the gateway is reached without TLS: token, prompts and answers can be read on the way; use https',
    );
  }
  if (engines.some((engine) => engine.kind === 'ollama') && logsOllama(environment)) {
    warnings.push(
      'OLLAMA_DEBUG or OLLAMA_DEBUG_LOG_REQUESTS is set here: an Ollama that has it, too, writes prompts to its log',
    );
  }
  const isPrivate = options.isPrivate || file.isPrivate === true;
  const speedFile = options.noBench || file.bench === false ? undefined : speedCachePath(environment);
  return { ok: true, config: { gateway, token, isPrivate, engines, fairUse, speedFile, proxies }, warnings };
}

/** Whether what is shown must be plain lines, because the terminal can do no more. */
export function isPlainTerminal(environment: Environment = process.env): boolean {
  return environment['TERM'] === 'dumb';
}

/** In the folder that systemd gives a service, or among the caches of the user. */
function speedCachePath(environment: Environment): string {
  const own = environment['CACHE_DIRECTORY'];
  if (own !== undefined && own !== '') return join(own, 'speeds.json');
  const caches = environment['XDG_CACHE_HOME'];
  return join(
    caches === undefined || caches === '' ? join(homedir(), '.cache') : caches,
    'switchyard',
    'speeds.json',
  );
}

function readFairUse(options: ConnectOptions, file: ConfigFile, problems: string[]): FairUseRules {
  const hours = options.hours === undefined ? file.fairUse?.hours : parseHours(options.hours);
  if (options.hours !== undefined && hours === undefined) problems.push(`--hours: ${HOURS_FORM}`);
  return {
    ...file.fairUse,
    ...(hours === undefined ? {} : { hours }),
    yieldsToLocalUse: options.yieldsToLocalUse || file.fairUse?.yieldsToLocalUse === true,
  };
}

function loadFile(path: string | undefined, environment: Environment, problems: string[]): ConfigFile {
  if (path === undefined) return {};
  const source = readSmallFile(path, '--config', problems);
  if (source === undefined) return {};
  const read = readConfigFile({ name: path, source, folder: dirname(path) }, environment);
  problems.push(...read.problems);
  const { tokenFile } = read.config;
  // As in other programs, a path in a file starts at that file.
  return tokenFile === undefined
    ? read.config
    : { ...read.config, tokenFile: resolve(dirname(path), tokenFile) };
}

const NO_FLAGS: ReturnType<typeof readEngineFlags> = { engines: [], problems: [] };

/** Settings of engines that are in the file have to be made there: silently ignoring a flag would mislead. */
function checkNoEngineFlags(options: ConnectOptions, problems: string[]): void {
  const unused = [
    options.models.length > 0 ? '--model' : '',
    options.slots === undefined ? '' : '--slots',
    options.allowLan ? '--allow-lan' : '',
  ].filter((flag) => flag !== '');
  if (unused.length > 0) problems.push(`${unused.join(', ')}: only together with --engine`);
}

/** Debug logs of Ollama hold prompts (`OLLAMA_DEBUG`), and so do files of requests. Read 2026-11 in its envconfig. */
function logsOllama(environment: Environment): boolean {
  return ['OLLAMA_DEBUG', 'OLLAMA_DEBUG_LOG_REQUESTS'].some((name) => {
    const value = environment[name] ?? '';
    return value !== '' && value !== '0' && value !== 'false';
  });
}

function checkAliases(engines: EngineConfig[], problems: string[]): void {
  const aliases = engines.flatMap((engine) => (engine.choices ?? []).map((choice) => choice.alias));
  const twice = aliases.filter((alias, index) => aliases.indexOf(alias) !== index);
  for (const alias of new Set(twice))
    problems.push(`model ${alias}: this alias is given to more than one model`);
}

const GATEWAY_PROTOCOLS = ['https:', 'http:', 'wss:', 'ws:'];

function readGateway(gateway: string | undefined, problems: string[]): string | undefined {
  if (gateway === undefined) {
    problems.push('no gateway: give --gateway URL, or gateway in a --config file');
    return undefined;
  }
  const url = URL.canParse(gateway) ? new URL(gateway) : undefined;
  if (url === undefined || !GATEWAY_PROTOCOLS.includes(url.protocol)) {
    problems.push('gateway: must be a URL such as https://gateway.example');
  } else if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    problems.push('gateway: must hold no user, password, ? or #; the token is given apart');
  } else return gateway;
  return undefined;
}

function readToken(
  options: ConnectOptions,
  { file, environment }: { file: ConfigFile; environment: Environment },
  problems: string[],
): string | undefined {
  const found = findToken(options, { file, environment }, problems);
  if (found === undefined) return undefined;
  const token = found.text.trim();
  if (/^[\x21-\x7e]+$/u.test(token) && token.length <= TOKEN_MAX_CHARS) return token;
  problems.push(`${found.from}: holds no node token (one word of letters, digits and signs)`);
  return undefined;
}

/** Where the token comes from: flag, file of the flag, environment, configuration file. */
function findToken(
  options: ConnectOptions,
  { file, environment }: { file: ConfigFile; environment: Environment },
  problems: string[],
): { text: string; from: string } | undefined {
  const fromFile = (path: string, from: string): { text: string; from: string } | undefined => {
    const text = readSmallFile(path, from, problems);
    return text === undefined ? undefined : { text, from };
  };
  if (options.token !== undefined && options.tokenFile !== undefined) {
    problems.push('--token, --token-file: give only one of them');
    return undefined;
  }
  if (options.token !== undefined) return { text: options.token, from: '--token' };
  if (options.tokenFile !== undefined) return fromFile(options.tokenFile, '--token-file');
  const named = file.tokenEnv === undefined ? undefined : environment[file.tokenEnv];
  const general = environment[TOKEN_VARIABLE];
  if (general !== undefined && general !== '') return { text: general, from: TOKEN_VARIABLE };
  if (file.token !== undefined) return { text: file.token, from: 'token' };
  if (named !== undefined && named !== '') return { text: named, from: 'token_env' };
  if (file.tokenFile !== undefined) return fromFile(file.tokenFile, 'token_file');
  const reason = file.tokenEnv === undefined ? '' : ': the variable named by token_env is not set';
  problems.push(`no token${reason}; give --token-file FILE or set ${TOKEN_VARIABLE}`);
  return undefined;
}

function readSmallFile(path: string, from: string, problems: string[]): string | undefined {
  try {
    if (statSync(path).size <= FILE_MAX_BYTES) return readFileSync(path, 'utf8');
    problems.push(`${from}: the file is larger than 1 MiB`);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
    problems.push(`${from}: the file cannot be read (${code})`);
  }
  return undefined;
}

function sendsInTheClear(gateway: string): boolean {
  const { protocol, hostname } = new URL(gateway);
  const isLocal = hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.');
  return (protocol === 'http:' || protocol === 'ws:') && !isLocal;
}
