import { isAllowedHost } from '../engines/address-guard.ts';
import type { ModelChoice } from '../engine-host.ts';
import type { ModelSettings } from '../engines/openai-compatible.ts';

/** One engine as the owner wants it driven, checked and with every default filled in. */
export type EngineConfig =
  | { kind: 'demo'; slots: number; choices: ModelChoice[] | undefined }
  | {
      kind: 'openai-compatible';
      baseUrl: string;
      apiKey: string | undefined;
      allowLan: boolean;
      slots: number;
      choices: ModelChoice[] | undefined;
      /** By the engine's own names. */
      settings: Map<string, ModelSettings>;
    };

export const DEFAULT_SLOTS = 4;
export const DEMO_SLOTS_MAX = 64;
export const SLOTS_MAX = 4096;

/** What is wrong with an engine's base URL; undefined when it can be used. A name is checked when it is resolved. */
export function findBaseUrlProblem(baseUrl: string, allowLan: boolean): string | undefined {
  if (!URL.canParse(baseUrl)) return 'must be a URL such as http://127.0.0.1:8080/v1';
  const url = new URL(baseUrl);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return 'must begin with http:// or https://';
  if (url.username !== '' || url.password !== '') return 'must hold no user or password; use api_key_env';
  if (url.search !== '' || url.hash !== '') return 'must end with the path, without ? or #';
  if (isAllowedHost(url.hostname, allowLan)) return undefined;
  if (isAllowedHost(url.hostname, true))
    return 'is not on this machine; set allow_lan (--allow-lan) to use it';
  return 'must be on this machine (127.0.0.1) or, with allow_lan, in a private network';
}
