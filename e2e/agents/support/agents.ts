import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { obtain } from '../../support/obtain.ts';
import { obtainPython } from '../../support/python.ts';

/**
 * Coding agents of exact versions. They are large (up to 400 MB each, most of it one program), and one is not free
 * software, so they are no dependencies: the tests install them into the cache, without their install scripts.
 */
const AGENTS = {
  'claude-code': fromNpm('@anthropic-ai/claude-code@2.1.329', claudeProgram),
  codex: fromNpm('@openai/codex@0.169.0', codexProgram),
  opencode: fromNpm('opencode-ai@1.18.33', opencodeProgram),
  hermes: hermesProgram,
} as const;

export type AgentName = keyof typeof AGENTS;

type Found = { program: string } | { missing: string };

/** The path of an agent's program, or why there is none. */
export async function agentProgram(name: AgentName): Promise<Found> {
  if (process.env['SWITCHYARD_TEST_AGENTS'] === 'off') return { missing: 'SWITCHYARD_TEST_AGENTS is off' };
  return AGENTS[name]();
}

/** `programIn` gives the path below `node_modules`. */
function fromNpm(spec: string, programIn: (modules: string) => string): () => Promise<Found> {
  return async () => {
    const name = spec.replaceAll(/^@[^/]*\//g, '').replace('@', '-');
    const args = [
      'install',
      '--prefix',
      '.',
      '--no-save',
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      spec,
    ];
    const obtained = await obtain(name, () => [{ program: 'npm', args }]);
    if ('missing' in obtained) return obtained;
    const program = programIn(join(obtained.folder, 'node_modules'));
    return existsSync(program) ? { program } : { missing: `${spec} has no program for this machine` };
  };
}

/** Its launcher names the place where it was installed, which is another one now; Python finds its module. */
async function hermesProgram(): Promise<Found> {
  const support = 'e2e/agents/support';
  const obtained = await obtainPython('hermes', {
    requirements: `${support}/hermes-requirements.txt`,
    constraints: `${support}/hermes-constraints.txt`,
  });
  if ('missing' in obtained) return obtained;
  const program = join(obtained.folder, 'hermes');
  const python = join(obtained.folder, 'bin', 'python');
  writeFileSync(program, `#!/bin/sh\nexec "${python}" -m hermes_cli.main "$@"\n`, { mode: 0o755 });
  return { program };
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
