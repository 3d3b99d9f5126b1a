import { parseArgs } from 'node:util';
import { closestWord } from './closest-word.ts';
import type { ConnectOptions } from './connect-options.ts';

export const CONNECT_HELP = `Serve models of this machine through a Switchyard gateway.

Usage: switchyard connect --gateway URL [--engine ENGINE | --gguf FILE] [options]

  --gateway URL        the gateway, such as https://gateway.example
  --engine ENGINE      ollama, llama-cpp, vllm or lm-studio, each with =URL for another
                       address than its usual one; openai=URL for any other server that
                       speaks the OpenAI chat API; demo; for pictures
                       comfyui, a1111, sd-cpp, openai-images=URL or demo-image; repeatable.
                       Without it, engines are looked for at their usual addresses
                       on this machine
  --gguf FILE          a model file, run with llama.cpp's llama-server; repeatable
  --model ALIAS=LOCAL  offer the engine's model LOCAL under the name ALIAS; for pictures
                       ALIAS is a recipe, such as sdxl@1; repeatable.
                       Without it every model is offered under its own name
  --slots N            jobs at a time for each engine (default: as the engine says)
  --token-file FILE    a file with the node token
  --token TOKEN        the node token itself; other users of the machine can see it
  --config FILE        a YAML file with these settings and those of single models
  --allow-lan          let an engine be on another machine of a private network
  --private            only you use this node: offer models that run elsewhere, too
  --hours FROM-UNTIL   serve at these times only, such as 22:00-07:00
  --yield-to-local-use serve nobody while somebody else uses the engine
  --no-bench           do not measure how fast the models are
  --json               print JSON lines instead of text
  --end-with-stdin     end when standard input is closed, for programs that start this one
  --print-systemd      print a systemd unit that runs this very command, and end
  --help               show this help

The token is also taken from the environment variable SWITCHYARD_NODE_TOKEN.
The connector only dials out. It ends on Ctrl-C when running jobs are done, at most
30 seconds later; a second Ctrl-C ends it at once.
`;

export type ConnectArguments =
  | { kind: 'run'; options: ConnectOptions }
  | { kind: 'help' }
  /** The words of the command without the flag that asks for the unit. */
  | { kind: 'systemd'; words: string[] }
  | { kind: 'wrong'; message: string };

const FLAGS = {
  gateway: { type: 'string' },
  engine: { type: 'string', multiple: true },
  gguf: { type: 'string', multiple: true },
  model: { type: 'string', multiple: true },
  slots: { type: 'string' },
  token: { type: 'string' },
  'token-file': { type: 'string' },
  config: { type: 'string' },
  'allow-lan': { type: 'boolean' },
  private: { type: 'boolean' },
  hours: { type: 'string' },
  'yield-to-local-use': { type: 'boolean' },
  'no-bench': { type: 'boolean' },
  json: { type: 'boolean' },
  'end-with-stdin': { type: 'boolean' },
  'print-systemd': { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

const TOKEN_IN_UNIT = 'A unit can be read by everybody on the machine: give --token-file instead of --token.';

/** Reads the words after `switchyard connect`. What the flags mean is checked by `loadConfig`. */
export function parseConnectArguments(argv: string[]): ConnectArguments {
  try {
    const { values } = parseArgs({ args: argv, options: FLAGS, strict: true, allowPositionals: false });
    if (values.help === true) return { kind: 'help' };
    if (values['print-systemd'] === true) {
      if (values.token !== undefined) return { kind: 'wrong', message: TOKEN_IN_UNIT };
      return { kind: 'systemd', words: argv.filter((word) => word !== '--print-systemd') };
    }
    const options: ConnectOptions = {
      engines: [...(values.engine ?? []), ...(values.gguf ?? []).map((file) => `gguf=${file}`)],
      models: values.model ?? [],
      allowLan: values['allow-lan'] ?? false,
      isPrivate: values.private ?? false,
      yieldsToLocalUse: values['yield-to-local-use'] ?? false,
      noBench: values['no-bench'] ?? false,
      json: values.json ?? false,
      endsWithStdin: values['end-with-stdin'] ?? false,
    };
    if (values.gateway !== undefined) options.gateway = values.gateway;
    if (values.token !== undefined) options.token = values.token;
    if (values['token-file'] !== undefined) options.tokenFile = values['token-file'];
    if (values.config !== undefined) options.configFile = values.config;
    if (values.slots !== undefined) options.slots = values.slots;
    if (values.hours !== undefined) options.hours = values.hours;
    return { kind: 'run', options };
  } catch (error) {
    return { kind: 'wrong', message: describeMistake(error, argv) };
  }
}

/** Our own words: those of `parseArgs` quote the arguments, and one of them may be a token. */
function describeMistake(error: unknown, argv: string[]): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION') {
    const names = Object.keys(FLAGS);
    const given = argv
      .filter((word) => word.startsWith('--'))
      .map((word) => word.slice(2).split('=')[0] ?? '');
    const unknown = given.find((name) => !names.includes(name));
    if (unknown === undefined) return 'There is an unknown flag.';
    const closest = closestWord(unknown, names) ?? closestWord(unknown.replaceAll('_', '-'), names);
    return `--${unknown.slice(0, 40)} is not known${closest === undefined ? '' : `; did you mean --${closest}?`}.`;
  }
  if (code === 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL') return 'Only flags are taken, no other words.';
  return 'A flag lacks its value, or has one that it does not take.';
}
