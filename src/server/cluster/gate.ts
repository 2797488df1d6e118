import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

export interface GateOptions {
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  /** Takes a connection, of which nothing has been read. */
  readonly onConnection: (socket: Socket) => void;
}

/** Listens at a port and passes the connections on unread, so that the processes behind it may come and go. */
export class Gate {
  private readonly server: Server;

  private constructor(server: Server) {
    this.server = server;
  }

  /** @throws the system's error when it cannot listen there. */
  static async open({ host, port, onConnection }: GateOptions): Promise<Gate> {
    const options = { pauseOnConnect: true, noDelay: true, allowHalfOpen: true };
    const server = createServer(options, (socket) => {
      // Whoever reads of it hears of its errors; until then they are nobody's.
      socket.on('error', () => undefined);
      onConnection(socket);
    });
    server.listen({ host, port, backlog: 1024 });
    await once(server, 'listening');
    return new Gate(server);
  }

  get address(): AddressInfo {
    return this.server.address() as AddressInfo;
  }

  /** Stops listening. Connections that the system has taken already are passed on first. */
  async close(): Promise<void> {
    for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
    // Its end is not waited for: Node delays it until the processes have closed what they were handed.
    this.server.close();
  }
}
