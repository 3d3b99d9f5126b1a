import { startTcpRelay, type TcpRelay } from '../../packages/gateway/src/testing/tcp-relay.ts';
import { addNodes } from '../support/fakes.ts';
import type { Gateway } from '../support/gateway.ts';
import { start, type Child } from '../support/processes.ts';
import type { HostCommand } from './fake-host.ts';

/** One process with nodes, and a line for each node that can be cut. `modes`: whether its engines are played. */
export type Machine = {
  name: string;
  relays: TcpRelay[];
  /** It is killed or frozen now. */
  isDown: boolean;
  freeze(): void;
  thaw(): void;
  kill(): Promise<void>;
  restart(): void;
  command?: (command: HostCommand) => void;
  output(): string;
};

const NODES_PER_HOST = 4;

/** Starts `connectors` connectors: `demos` real ones with the demo engine, the others played, a few in a process. */
export async function startMachines(gateway: Gateway, connectors: number, demos: number): Promise<Machine[]> {
  const demoTokens = await addNodes(gateway, 'demo', demos);
  const fakeTokens = await addNodes(gateway, 'fakes', connectors - demos);
  const machines: Machine[] = [];
  for (const token of demoTokens) machines.push(await demoMachine(gateway, token, machines.length));
  for (let at = 0; at < fakeTokens.length; at += NODES_PER_HOST)
    machines.push(await hostMachine(gateway, fakeTokens.slice(at, at + NODES_PER_HOST), machines.length));
  return machines;
}

async function demoMachine(gateway: Gateway, token: string, index: number): Promise<Machine> {
  const relay = await startTcpRelay(gateway.port);
  const args = ['packages/connector/src/main.ts', '--gateway', `http://127.0.0.1:${relay.port}`];
  args.push('--engine', 'demo', '--model', 'mote-chat=mote-chat', '--slots', '4', '--no-bench', '--json');
  return machineOf(`demo-${index}`, [relay], () => start(args, { env: { SWITCHYARD_NODE_TOKEN: token } }));
}

async function hostMachine(gateway: Gateway, tokens: string[], index: number): Promise<Machine> {
  const relays = await Promise.all(tokens.map(() => startTcpRelay(gateway.port)));
  const places = tokens.map((token, at) => `${relays[at]?.port}:${token}`);
  const running: { child?: Child } = {};
  const machine = machineOf(`host-${index}`, relays, () => {
    running.child = start(['e2e/chaos/fake-host.ts', ...places], { hasChannel: true });
    return running.child;
  });
  machine.command = (command) => {
    if (running.child?.process.connected === true) running.child.process.send(command);
  };
  return machine;
}

function machineOf(name: string, relays: TcpRelay[], startChild: () => Child): Machine {
  let child = startChild();
  let earlier = '';
  const machine: Machine = {
    name,
    relays,
    isDown: false,
    freeze() {
      machine.isDown = true;
      child.process.kill('SIGSTOP');
    },
    thaw() {
      machine.isDown = false;
      child.process.kill('SIGCONT');
    },
    async kill() {
      machine.isDown = true;
      await child.stop('SIGKILL');
    },
    restart() {
      machine.isDown = false;
      earlier += child.output();
      child = startChild();
    },
    output: () => earlier + child.output(),
  };
  return machine;
}
