import { USUAL_IMAGE_URLS, USUAL_URLS } from './config/engine-config.ts';
import { statusOfEngine, tryEngine } from './engines/ask-engine.ts';
import type { EngineEndpoint } from './engines/engine-http.ts';
import { isObject, textAt } from './engines/json.ts';

/** An engine that answers at its usual address. */
type FoundKind = keyof typeof USUAL_URLS | 'comfyui' | 'sd-cpp';

export type FoundEngine = { kind: FoundKind; url: string };

/**
 * A1111 is not looked for: it can only stop whatever is being made, and that may be its owner's own picture.
 * The second address of llama.cpp is what its owners take when the first one's port is in use.
 */
const CANDIDATES: readonly FoundEngine[] = [
  { kind: 'ollama', url: USUAL_URLS.ollama },
  { kind: 'llama-cpp', url: USUAL_URLS['llama-cpp'] },
  { kind: 'llama-cpp', url: 'http://127.0.0.1:8081' },
  { kind: 'vllm', url: USUAL_URLS.vllm },
  { kind: 'lm-studio', url: USUAL_URLS['lm-studio'] },
  { kind: 'comfyui', url: USUAL_IMAGE_URLS.comfyui },
  { kind: 'sd-cpp', url: USUAL_IMAGE_URLS['sd-cpp'] },
];

/** All are asked at once, so this is what the search takes at most. */
const TIMEOUT_MS = 2_000;

/** Engines of this machine, in the order of the list. Only addresses of the loopback are asked. */
export async function findEngines(candidates: readonly FoundEngine[] = CANDIDATES): Promise<FoundEngine[]> {
  const answers = await Promise.all(candidates.map((candidate) => isThere(candidate)));
  return candidates.filter((_, index) => answers[index] === true);
}

/** Asks what only this kind answers: a port alone says nothing. */
async function isThere({ kind, url }: FoundEngine): Promise<boolean> {
  const endpoint: EngineEndpoint = { baseUrl: url, apiKey: undefined, allowLan: false };
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const ask = (path: string) => tryEngine({ endpoint, path }, signal);
  switch (kind) {
    case 'ollama':
      return textAt((await ask('/api/version')) ?? {}, 'version') !== undefined;
    case 'llama-cpp': {
      const props = await ask('/props');
      if (props !== undefined) return isObject(props.default_generation_settings);
      // While it loads its model it says nothing else.
      return (await statusOfEngine({ endpoint, path: '/health' }, signal)) === 503;
    }
    case 'vllm': {
      const list = await ask('/v1/models');
      const first: unknown = Array.isArray(list?.data) ? list.data[0] : undefined;
      return isObject(first) && first.owned_by === 'vllm';
    }
    case 'lm-studio': {
      if (Array.isArray((await ask('/api/v1/models'))?.models)) return true;
      return Array.isArray((await ask('/api/v0/models'))?.data);
    }
    case 'comfyui': {
      const system = (await ask('/system_stats'))?.system;
      return isObject(system) && textAt(system, 'comfyui_version') !== undefined;
    }
    case 'sd-cpp':
      return Array.isArray((await ask('/sdcpp/v1/capabilities'))?.supported_modes);
  }
  return kind;
}

/** What to do when nothing is found, in one sentence for each way. */
export const NOTHING_FOUND: string =
  'no engine: none is given, and none answers at its usual address (Ollama 11434, llama.cpp 8080 or 8081, vLLM 8000, ' +
  'LM Studio 1234, ComfyUI 8188, stable-diffusion.cpp 1234). Start one, or give its address with --engine NAME=URL, ' +
  'a model file with --gguf FILE, or try the demo model with --engine demo';
