// Stands between a browser and the gateway, and can be taken away and put back.

import { connect, createServer, type Socket } from "node:net";

export type Relay = {
  url: string;
  /** Breaks every connection, and takes no new ones. */
  cut: () => Promise<void>;
  /** Takes connections again, at the same address. */
  mend: () => Promise<void>;
};

/** A relay to the server at `url`. Cookies do not tell ports apart: who is signed in there is here. */
export async function relay(url: string): Promise<Relay> {
  const there = Number(new URL(url).port);
  const open = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(there, "127.0.0.1");
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(one);
      one.pipe(other);
      one.on("error", () => other.destroy());
      one.on("close", () => open.delete(one));
    }
  });
  const listen = (port: number) =>
    new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  await listen(0);
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  const cut = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      for (const socket of open) socket.destroy();
    });
  return { url: `http://127.0.0.1:${port}`, cut, mend: () => listen(port) };
}
