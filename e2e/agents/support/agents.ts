import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { obtain } from '../../support/obtain.ts';

/**
 * Coding agents as npm packages of exact versions. They are large (400 MB each, most of it one program), and one is not
 * free software, so they are no dependencies: the tests install them into the cache, without their install scripts.
 */
export const AGENTS = {
  'claude-code': { npm: '@anthropic-ai/claude-code@2.1.329', program: claudeProgram },
  codex: { npm: '@openai/codex@0.169.0', program: codexProgram },
  opencode: { npm: 'opencode-ai@1.18.33', program: opencodeProgram },
} as const;

export type AgentName = keyof typeof AGENTS;

/** The path of an agent's program, or why there is none. */
export async function agentProgram(name: AgentName): Promise<{ program: string } | { missing: string }> {
  const { npm, program } = AGENTS[name];
  if (process.env['SWITCHYARD_TEST_AGENTS'] === 'off') return { missing: `SWITCHYARD_TEST_AGENTS is off` };
  const version = npm.slice(npm.lastIndexOf('@') + 1);
  const obtained = await obtain(`${name}-${version}`, () => [
    {
      program: 'npm',
      args: ['install', '--prefix', '.', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', npm],
    },
  ]);
  if ('missing' in obtained) return obtained;
  const path = program(join(obtained.folder, 'node_modules'));
  return existsSync(path) ? { program: path } : { missing: `${npm} has no program for this machine` };
}

const PLATFORM = `${process.platform}-${process.arch}`;

function claudeProgram(modules: string): string {
  return join(modules, '@anthropic-ai', `claude-code-${PLATFORM}`, 'claude');
}

/** Below a folder that is named by the target of its compiler. */
function codexProgram(modules: string): string {
  const vendor = join(modules, '@openai', `codex-${PLATFORM}`, 'vendor');
  const [target = ''] = existsSync(vendor) ? readdirSync(vendor) : [];
  return join(vendor, target, 'bin', 'codex');
}

/** The baseline build runs on every processor. */
function opencodeProgram(modules: string): string {
  const baseline = join(modules, `opencode-${PLATFORM}-baseline`, 'bin', 'opencode');
  return existsSync(baseline) ? baseline : join(modules, `opencode-${PLATFORM}`, 'bin', 'opencode');
}
