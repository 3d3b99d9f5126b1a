import { accessSync, constants, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';

/** Where `node tools/engines.mjs` puts real engines, outside of the checkout. */
const ENGINE_FOLDER = join(homedir(), '.cache', 'switchyard-engines', 'bin');

/** The shipped model: the smallest real one there is. */
export const MODEL_FILE: string = fileURLToPath(
  new URL('../../packages/demo-engine/models/Mote-1.3M-Chat-v1.0-F16.gguf', import.meta.url),
);

/** The path of a real engine; undefined, and one line to say so, when this machine has none. */
export function findEngine(name: string): string | undefined {
  const folders = [ENGINE_FOLDER, ...(process.env['PATH'] ?? '').split(delimiter)];
  const found = folders.map((folder) => join(folder, name)).find(isProgram);
  if (found === undefined) {
    process.stdout.write(
      `${name} is not installed: its tests are skipped. "node tools/engines.mjs" builds it.\n`,
    );
  }
  return found;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The demo model's chat format in Ollama's template language, which it does not take from the file. */
export const MODELFILE = `FROM ${MODEL_FILE}
PARAMETER num_ctx 1024
PARAMETER num_thread 1
PARAMETER stop <|im_end|>
TEMPLATE """{{- if or .System .Tools .Think }}<|im_start|>system
{{- if .System }}
{{ .System }}
{{- end }}
{{- if .Tools }}
<tools>
{{- range .Tools }}
{{ .Function.Name }}({{ range $name, $property := .Function.Parameters.Properties }}{{ $name }}: {{ $property.Type }}{{ end }}): {{ .Function.Description }}
{{- end }}
</tools>
{{- end }}
{{- if .Think }}
/think
{{- end }}<|im_end|>
{{ end }}
{{- range .Messages }}
{{- if eq .Role "user" }}<|im_start|>user
{{ .Content }}<|im_end|>
{{ else if eq .Role "assistant" }}<|im_start|>assistant
{{ if .Thinking }}<think>
{{ .Thinking }}
</think>

{{ end }}{{ .Content }}
{{- if .ToolCalls }}{{ range .ToolCalls }}<tool_call>
{"name": "{{ .Function.Name }}", "arguments": {{ .Function.Arguments }}}
</tool_call>{{ end }}{{ end }}<|im_end|>
{{ else if eq .Role "tool" }}<|im_start|>tool
{{ .Content }}<|im_end|>
{{ end }}
{{- end }}<|im_start|>assistant
"""
`;

export type Program = {
  pid: number;
  exited: Promise<number | null>;
  /** Ends it and waits for that. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
};

const running = new Set<Program>();

/**
 * Starts a program that is no part of the repository. What it prints is dropped. It gets a process group of its own,
 * because Ollama's runners outlive an Ollama that is killed.
 */
export function startProgram(path: string, args: readonly string[], env: Record<string, string>): Program {
  const child = spawn(path, args, { env: { ...process.env, ...env }, stdio: 'ignore', detached: true });
  const exited = new Promise<number | null>((resolve) => {
    child.once('exit', resolve);
    child.once('error', () => resolve(null));
  });
  const program: Program = {
    pid: child.pid ?? -1,
    exited,
    async stop(signal = 'SIGTERM') {
      endGroup(program.pid, signal);
      const code = await exited;
      running.delete(program);
      return code;
    },
  };
  running.add(program);
  return program;
}

function endGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // All of it has ended already.
  }
}

/** For `afterEach`. */
export async function stopPrograms(): Promise<void> {
  await Promise.all([...running].map((program) => program.stop('SIGKILL')));
}

/** Asks again and again until there is an answer with the wanted status. Bounded by the test's own time. */
export async function untilAnswers(url: string, status = 200): Promise<void> {
  for (;;) {
    const answer = await fetch(url).catch(() => undefined);
    await answer?.body?.cancel();
    if (answer?.status === status) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** The processes that a process has started and that still run (Linux). */
export function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return text
    .split(' ')
    .filter((word) => word.trim() !== '')
    .map(Number);
}

export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** A port that nobody listens on now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
