import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

/** A line that can be cut: all connections to a port go through it. */
export type TcpRelay = {
  port: number;
  /** Connections that were taken so far. */
  connections: number;
  /** Bytes after which each of the next connections is cut, both directions together. Empty: they are not. */
  cuts: number[];
  /** While false, new connections are refused. */
  isOpen: boolean;
  /** Breaks all connections, and loses what is under way in them. */
  cut(): void;
  close(): Promise<void>;
};

export async function startTcpRelay(targetPort: number): Promise<TcpRelay> {
  const sockets = new Set<Socket>();
  const relay: TcpRelay = {
    port: 0,
    connections: 0,
    cuts: [],
    isOpen: true,
    cut() {
      for (const socket of sockets) socket.destroy();
    },
    close() {
      relay.cut();
      return new Promise((resolve) => {
        server.close(() => resolve());
      });
    },
  };

  function join(near: Socket, far: Socket): void {
    let left = relay.cuts.shift() ?? Infinity;
    const pass = (from: Socket, to: Socket): void => {
      sockets.add(from);
      from.on('data', (data) => {
        left -= data.length;
        if (left > 0) return void to.write(data);
        near.destroy();
        far.destroy();
      });
      from.on('error', () => undefined);
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
    };
    pass(near, far);
    pass(far, near);
  }

  const server = createServer((near) => {
    if (!relay.isOpen) return void near.destroy();
    relay.connections += 1;
    join(near, connect(targetPort, '127.0.0.1'));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  relay.port = (server.address() as AddressInfo).port;
  return relay;
}
