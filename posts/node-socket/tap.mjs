/**
 * A relay in front of a server on loopback: it passes every byte on, and keeps a copy.
 */

import { once } from "node:events";
import { connect, createServer } from "node:net";

/**
 * Listen in front of a server.
 *
 * @param {number} target the server's port
 * @returns a tap: the port to connect to instead, and what has passed since the last `clear()`,
 *   `up` to the server and `down` from it
 */
export async function tap(target) {
  const passed = { up: [], down: [] };
  const open = new Set();
  // One side may have said all and still listen.
  const relay = createServer({ allowHalfOpen: true }, (client) => {
    const server = connect({ port: target, host: "127.0.0.1", allowHalfOpen: true });
    for (const [from, to, way] of [
      [client, server, "up"],
      [server, client, "down"],
    ]) {
      open.add(from);
      from.setNoDelay(true);
      from.on("data", (chunk) => {
        passed[way].push(chunk);
        to.write(chunk);
      });
      from.on("end", () => to.end());
      from.on("error", () => to.destroy());
      from.on("close", () => open.delete(from));
    }
  });
  relay.listen(0, "127.0.0.1");
  await once(relay, "listening");
  return {
    port: relay.address().port,
    get up() {
      return Buffer.concat(passed.up);
    },
    get down() {
      return Buffer.concat(passed.down);
    },
    clear() {
      passed.up.length = passed.down.length = 0;
    },
    async close() {
      for (const socket of open) socket.destroy();
      relay.close();
      await once(relay, "close");
    },
  };
}
