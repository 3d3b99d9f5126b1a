import type { ModelChoice } from '../engine-host.ts';
import type { ConnectOptions } from './connect-options.ts';
import type { EngineConfig } from './engine-config.ts';
import { DEFAULT_SLOTS, DEMO_SLOTS_MAX, findBaseUrlProblem, SLOTS_MAX } from './engine-config.ts';

/**
 * The engines of `--engine`, `--model`, `--slots` and `--allow-lan`.
 * `--model` goes to the one server among them, or to the demo model when that is all there is.
 */
export function readEngineFlags(options: Pick<ConnectOptions, 'engines' | 'models' | 'slots' | 'allowLan'>): {
  engines: EngineConfig[];
  problems: string[];
} {
  const problems: string[] = [];
  const slots = readSlots(options, problems);
  const choices = readChoices(options.models, problems);
  const engines = options.engines.flatMap((text): EngineConfig[] => {
    if (text === 'demo') return [{ kind: 'demo', slots, choices: undefined }];
    const baseUrl = /^openai(?:-compatible)?=(.+)$/u.exec(text)?.[1];
    if (baseUrl === undefined) {
      problems.push('--engine: must be demo or openai=URL, such as openai=http://127.0.0.1:11434/v1');
      return [];
    }
    const problem = findBaseUrlProblem(baseUrl, options.allowLan);
    if (problem !== undefined) problems.push(`--engine: the URL ${problem}`);
    const { allowLan } = options;
    return [
      {
        kind: 'openai-compatible',
        baseUrl,
        apiKey: undefined,
        allowLan,
        slots,
        choices: undefined,
        settings: new Map(),
      },
    ];
  });
  if (choices.length > 0) giveChoices(engines, choices, problems);
  return { engines, problems };
}

function readSlots(options: Pick<ConnectOptions, 'engines' | 'slots'>, problems: string[]): number {
  if (options.slots === undefined) return DEFAULT_SLOTS;
  const slots = /^\d{1,6}$/u.test(options.slots) ? Number(options.slots) : 0;
  const max = options.engines.includes('demo') ? DEMO_SLOTS_MAX : SLOTS_MAX;
  if (slots >= 1 && slots <= max) return slots;
  problems.push(`--slots: must be a whole number from 1 to ${max}`);
  return DEFAULT_SLOTS;
}

function readChoices(models: string[], problems: string[]): ModelChoice[] {
  return models.flatMap((text) => {
    const equals = text.indexOf('=');
    const alias = equals === -1 ? text : text.slice(0, equals);
    const localName = equals === -1 ? text : text.slice(equals + 1);
    if (alias !== '' && localName !== '') return [{ alias, localName }];
    problems.push('--model: must be alias=local, or one name that is both');
    return [];
  });
}

function giveChoices(engines: EngineConfig[], choices: ModelChoice[], problems: string[]): void {
  const servers = engines.filter((engine) => engine.kind === 'openai-compatible');
  const candidates = servers.length === 0 ? engines : servers;
  const [only] = candidates;
  if (only === undefined || candidates.length > 1) {
    problems.push('--model: needs exactly one engine to belong to; use a configuration file for several');
    return;
  }
  only.choices = choices;
}
