import { describe, expect, it } from 'vitest';
import { CONNECT_HELP, parseConnectArguments } from './connect-arguments.ts';

describe('parseConnectArguments', () => {
  it('reads all flags', () => {
    const argv =
      '--gateway https://g --engine demo --engine openai=http://localhost/v1 --model a=b --model c --slots 2 ' +
      '--config f.yaml --token t --token-file tf --allow-lan --private --json ' +
      '--hours 22:00-07:00 --yield-to-local-use --no-bench';
    expect(parseConnectArguments(argv.split(' '))).toEqual({
      kind: 'run',
      options: {
        gateway: 'https://g',
        engines: ['demo', 'openai=http://localhost/v1'],
        models: ['a=b', 'c'],
        slots: '2',
        configFile: 'f.yaml',
        token: 't',
        tokenFile: 'tf',
        allowLan: true,
        isPrivate: true,
        hours: '22:00-07:00',
        yieldsToLocalUse: true,
        noBench: true,
        json: true,
        endsWithStdin: false,
      },
    });
  });

  it('needs no flags', () => {
    expect(parseConnectArguments([])).toEqual({
      kind: 'run',
      options: {
        engines: [],
        models: [],
        allowLan: false,
        isPrivate: false,
        yieldsToLocalUse: false,
        noBench: false,
        json: false,
        endsWithStdin: false,
      },
    });
  });

  it.each([['--help'], ['-h']])('knows %s', (flag) => {
    expect(parseConnectArguments([flag])).toEqual({ kind: 'help' });
  });

  it('hands the other words on to a systemd unit, but no token', () => {
    const words = ['--gateway', 'https://g', '--token-file', 'f'];
    expect(parseConnectArguments(['--print-systemd', ...words])).toEqual({ kind: 'systemd', words });
    expect(parseConnectArguments(['--print-systemd', '--token', 'nk_secret'])).toMatchObject({
      kind: 'wrong',
      message: expect.stringContaining('--token-file'),
    });
  });

  it.each<[string, string[], string]>([
    ['an unknown flag', ['--gatewy', 'x'], 'did you mean --gateway?'],
    ['an unknown flag with a value', ['--token_file=nk_secret'], 'did you mean --token-file?'],
    ['a far flag', ['--verbose'], '--verbose is not known.'],
    ['an unknown letter', ['-x'], 'unknown flag'],
    ['a word', ['nk_secret'], 'no other words'],
    ['a flag without its value', ['--gateway'], 'lacks its value'],
    ['a switch with a value', ['--json=nk_secret'], 'lacks its value'],
  ])('refuses %s', (_name, argv, words) => {
    const parsed = parseConnectArguments(argv);
    expect(parsed).toMatchObject({ kind: 'wrong', message: expect.stringContaining(words) });
    expect(JSON.stringify(parsed)).not.toContain('nk_secret');
  });

  it('has a help that names every flag', () => {
    const flags = [
      'gateway',
      'engine',
      'model',
      'slots',
      'token-file',
      'token',
      'config',
      'allow-lan',
      'private',
      'hours',
      'yield-to-local-use',
      'no-bench',
      'print-systemd',
      'json',
    ];
    for (const flag of flags) expect(CONNECT_HELP).toContain(`--${flag} `);
  });
});
