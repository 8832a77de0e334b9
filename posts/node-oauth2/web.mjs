/**
 * Servers on loopback, browsers that keep cookies, and a record of who asked whom for what.
 */

import { once } from "node:events";
import { createServer } from "node:http";

/**
 * A web server on a free port.
 *
 * @returns {{origin: string, handle: (request, response) => unknown, close(): void}} what answers
 *   is put in `handle`, once the origin is known
 */
export async function openServer() {
  const server = createServer((request, response) => site.handle(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const site = {
    origin: `http://127.0.0.1:${server.address().port}`,
    handle: (_, response) => response.end(),
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
  return site;
}

/** A network that knows its hosts by name, and notes every request and every answer. */
export class Network {
  names = new Map();
  notes = [];

  /** `fetch` in the name of somebody; redirects are left to them. */
  async fetch(from, address, options = {}) {
    const url = new URL(address);
    const to = this.names.get(url.origin) ?? url.origin;
    const { method = "GET", headers = {}, body } = options;
    const named = [...url.searchParams.keys()];
    if (body instanceof URLSearchParams) named.push(...body.keys());
    if (headers.authorization?.startsWith("Bearer ")) named.push("token");
    this.notes.push({ from, to, text: `${method} ${url.pathname}`, named });

    const response = await fetch(url, { ...options, redirect: "manual" });
    this.notes.push({ from: to, to: from, ...(await answered(response, url)) });
    return response;
  }
}

/** A note of an answer: where it leads, what it names. */
async function answered(response, url) {
  const { status, headers } = response;
  if (headers.has("location")) {
    const { pathname, searchParams } = new URL(headers.get("location"), url);
    return { text: `${status} → ${pathname}`, named: [...searchParams.keys()], answer: true };
  }
  const isJson = headers.get("content-type")?.startsWith("application/json");
  const named = isJson ? Object.keys(await response.clone().json()) : [];
  return { text: `${status}`, named, answer: true };
}

/** Somebody's browser: cookies, one page at a time, redirects followed. */
export class Browser {
  jars = new Map();
  page = "";

  constructor(network, name = "browser") {
    this.network = network;
    this.name = name;
  }

  /**
   * Open an address and follow where it leads.
   *
   * @param {string} address
   * @param {(url: URL) => boolean} stop whether to stop before an address
   * @returns {Promise<URL>} where that ended
   */
  async open(address, stop = () => false, options = {}) {
    let url = new URL(address);
    for (let hops = 0; hops < 12; hops++) {
      if (stop(url)) return url;
      const response = await this.network.fetch(this.name, url, {
        ...options,
        headers: { cookie: this.#cookies(url) },
      });
      this.#keep(url, response.headers.getSetCookie());
      this.page = await response.text();
      this.status = response.status;
      this.url = url;
      const location = response.headers.get("location");
      if (!location) return url;
      url = new URL(location, url);
      options = {}; // the next request is a GET
    }
    throw new Error(`redirected too often, at last to ${url.pathname}`);
  }

  /** Fill in the form of the page and send it. */
  async submit(fields, stop) {
    const action = /<form method="post" action="([^"]*)"/.exec(this.page)?.[1];
    if (!action) throw new Error(`no form on this page: ${this.page}`);
    const body = new URLSearchParams(fields);
    return this.open(new URL(action, this.url).href, stop, { method: "POST", body });
  }

  #jar({ origin }) {
    if (!this.jars.has(origin)) this.jars.set(origin, new Map());
    return this.jars.get(origin);
  }

  #cookies(url) {
    return [...this.#jar(url)].map(([name, value]) => `${name}=${value}`).join("; ");
  }

  #keep(url, cookies) {
    for (const cookie of cookies) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie);
      const expires = /expires=([^;]*)/i.exec(cookie)?.[1];
      const over = expires !== undefined && new Date(expires) <= new Date();
      if (value === "" || over) this.#jar(url).delete(name);
      else this.#jar(url).set(name, value);
    }
  }
}

/** What answers requests to a web application: paths to what makes a page of a visitor's session. */
export function application(paths) {
  const sessions = new Map();
  return async (request, response) => {
    const url = new URL(request.url, "http://application");
    const id = /\bsession=(\w+)/.exec(request.headers.cookie)?.[1] ?? `s${sessions.size + 1}`;
    if (!sessions.has(id)) sessions.set(id, {});
    response.setHeader("set-cookie", `session=${id}; HttpOnly; SameSite=Lax; Path=/`);
    try {
      const { location, body } = await paths[url.pathname](sessions.get(id), url.searchParams);
      response.writeHead(location ? 302 : 200, location ? { location } : {}).end(body);
    } catch (error) {
      response.writeHead(403).end(error.message);
    }
  };
}
