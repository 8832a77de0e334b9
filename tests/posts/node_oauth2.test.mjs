// The modules beside the post on OAuth 2.0.

import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

const load = (name) =>
  import(new URL(`../../posts/node-oauth2/${name}`, import.meta.url).href);
const { arrows } = await load("arrows.mjs");
const { Browser, Network, application, openServer } = await load("web.mjs");
const { authorizationServer } = await load("authorization-server.mjs");

const running = [];
afterEach(() => {
  for (const server of running.splice(0)) server.close();
});

async function newServer() {
  const server = await openServer();
  running.push(server);
  return server;
}

/** A site that answers by a table of paths; headers are an object. */
async function site(paths) {
  const server = await newServer();
  server.handle = (request, response) => {
    const { status = 200, headers = {}, body = "" } = paths(request);
    response.writeHead(status, headers).end(body);
  };
  return server;
}

test("a browser follows redirects and keeps cookies until they expire", async () => {
  const seen = [];
  const server = await site(({ url, headers }) => {
    seen.push([url, headers.cookie]);
    const past = "expires=Thu, 01 Jan 1970 00:00:00 GMT";
    if (url === "/a")
      return { status: 302, headers: { location: "/b", "set-cookie": ["x=1; Path=/", "y=2"] } };
    if (url === "/b") return { status: 302, headers: { location: "/c", "set-cookie": `x=; ${past}` } };
    return { body: "here" };
  });
  const browser = new Browser(new Network());
  const end = await browser.open(`${server.origin}/a`);
  assert.equal(end.pathname, "/c");
  assert.deepEqual([browser.page, browser.status], ["here", 200]);
  assert.deepEqual(seen, [["/a", ""], ["/b", "x=1; y=2"], ["/c", "y=2"]]);
});

test("cookies of one site are not sent to another", async () => {
  const seen = [];
  const other = await site(({ headers }) => {
    seen.push(headers.cookie);
    return {};
  });
  const server = await site(() => ({
    status: 302,
    headers: { location: `${other.origin}/`, "set-cookie": "secret=1" },
  }));
  await new Browser(new Network()).open(`${server.origin}/`);
  assert.deepEqual(seen, [""]);
});

test("a browser stops before an address, and does not go round for ever", async () => {
  const server = await site(({ url }) => ({ status: 302, headers: { location: `${url}x` } }));
  const network = new Network();
  const browser = new Browser(network);
  const stopped = await browser.open(`${server.origin}/`, ({ pathname }) => pathname === "/xx");
  assert.equal(stopped.pathname, "/xx");
  assert.equal(network.notes.length, 4); // two requests, two answers
  await assert.rejects(browser.open(`${server.origin}/`), /redirected too often/);
});

test("a form is sent to its action as a POST, what follows is a GET", async () => {
  const seen = [];
  const server = await site(({ url, method }) => {
    seen.push(`${method} ${url}`);
    if (url === "/send") return { status: 303, headers: { location: "/done" } };
    return { body: '<form method="post" action="/send"></form>' };
  });
  const browser = new Browser(new Network());
  await browser.open(`${server.origin}/form`);
  await browser.submit({ a: "1" });
  assert.deepEqual(seen, ["GET /form", "POST /send", "GET /done"]);
  browser.page = "no form";
  await assert.rejects(browser.submit({}), /no form on this page/);
});

test("the network notes who asks whom, and what is named, but no values", async () => {
  const server = await site(() => ({
    headers: { "content-type": "application/json" },
    body: '{"access_token": "hidden"}',
  }));
  const network = new Network();
  network.names.set(server.origin, "auth");
  await network.fetch("shop", `${server.origin}/token?q=hidden`, {
    method: "POST",
    headers: { authorization: "Bearer hidden" },
    body: new URLSearchParams({ code: "hidden" }),
  });
  assert.deepEqual(network.notes, [
    { from: "shop", to: "auth", text: "POST /token", named: ["q", "code", "token"] },
    { from: "auth", to: "shop", text: "200", named: ["access_token"], answer: true },
  ]);
});

test("an application keeps a session for each browser; a failure is a page", async () => {
  const server = await newServer();
  server.handle = application({
    "/count": async (session) => ({ body: `${(session.n = (session.n ?? 0) + 1)}` }),
    "/go": async () => ({ location: "/count" }),
  });
  const [one, two] = [new Browser(new Network()), new Browser(new Network())];
  await one.open(`${server.origin}/count`);
  await one.open(`${server.origin}/go`);
  await two.open(`${server.origin}/count`);
  assert.deepEqual([one.page, two.page], ["2", "1"]);
  await two.open(`${server.origin}/nowhere`);
  assert.equal(two.status, 403);
});

test("arrows leave login and consent out, and colour what a thief would want", () => {
  const note = (from, to, text, named = [], answer) => ({ from, to, text, named, answer });
  const made = arrows([
    note("browser", "auth", "GET /auth", ["state", "client_id"]),
    note("auth", "browser", "303 → /interaction/7", [], true),
    note("browser", "auth", "GET /interaction/7"),
    note("auth", "browser", "200", [], true),
    note("browser", "auth", "POST /interaction/7", ["password"]),
    note("auth", "browser", "303 → /auth/7", [], true),
    note("browser", "auth", "GET /auth/7"),
    note("auth", "browser", "303 → /callback", ["code"], true),
    note("shop", "auth", "POST /token", ["code", "code_verifier"]),
  ]);
  assert.deepEqual(
    made.map(({ from, to, text, accent }) => [from, to, text, Boolean(accent)]),
    [
      ["browser", "auth", "GET /auth: state", false],
      ["auth", "auth", "login, consent", false],
      ["auth", "browser", "303 → /callback", true],
      ["shop", "auth", "POST /token: code, code_verifier", true],
    ],
  );
});

/** An authorization server with one client, and where a browser is sent after a try to log in. */
async function tryTo(fields) {
  const server = await newServer();
  const redirect = "http://127.0.0.1/callback";
  const client = { client_id: "shop", client_name: "shop", client_secret: "s".repeat(43) };
  server.handle = authorizationServer({
    issuer: server.origin,
    api: "http://photos.example",
    users: { alice: "wonder" },
    clients: [{ ...client, redirect_uris: [redirect], grant_types: ["authorization_code"] }],
    pkceOptional: ["shop"],
  });
  const browser = new Browser(new Network());
  const stop = ({ pathname }) => pathname === "/callback";
  const query = new URLSearchParams({
    response_type: "code",
    client_id: "shop",
    redirect_uri: redirect,
    scope: "photos.read",
  });
  let url = await browser.open(`${server.origin}/auth?${query}`, stop);
  for (const filled of fields) url = await browser.submit(filled, stop);
  return [...url.searchParams.keys(), url.searchParams.get("error")];
}

test("the right password and consent lead to a code", async () => {
  const alice = { name: "alice", password: "wonder" };
  assert.deepEqual(await tryTo([alice, { consent: "yes" }]), ["code", "iss", null]);
});

test("no consent, a wrong password or an unknown name lead to a refusal", async () => {
  const alice = { name: "alice", password: "wonder" };
  for (const fields of [
    [alice, { consent: "no" }],
    [{ ...alice, password: "guess" }],
    [{ name: "toString", password: "" }],
  ]) {
    assert.equal((await tryTo(fields)).at(-1), "access_denied");
  }
});
