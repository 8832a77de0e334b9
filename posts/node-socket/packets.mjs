/**
 * What socket.io's clients and server say to each other, packet by packet.
 */

const TYPES = ["open", "close", "ping", "pong", "message", "upgrade", "noop"]; // Engine.IO, 4

/**
 * Keep every packet that passes from now on. Ids that differ from run to run are left out.
 *
 * @returns {{client: string, sent: boolean, text: string}[]} grows as packets pass; `client` is the
 *   name that the client gave as `auth.name` when it connected, `sent` says that the server sent it
 */
export function recordPackets(io) {
  const packets = [];
  io.engine.on("connection", (connection) => {
    const who = { name: "?" };
    const note = (sent) => ({ type, data = "" }) => {
      const text = `${TYPES.indexOf(type)}${data}`;
      if (!sent && text.startsWith("40")) who.name = nameIn(text);
      packets.push({
        get client() {
          return who.name;
        },
        sent,
        text: text.replace(/"(sid|pid)":"[^"]*"/g, '"$1":"…"'),
      });
    };
    connection.on("packet", note(false));
    connection.on("packetCreate", note(true));
  });
  return packets;
}

/** The name in a CONNECT packet, `40/namespace,{"name":"ann"}`. */
function nameIn(text) {
  const start = text.indexOf("{");
  return start < 0 ? "?" : (JSON.parse(text.slice(start)).name ?? "?");
}
