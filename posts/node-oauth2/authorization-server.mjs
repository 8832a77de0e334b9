/**
 * An authorization server on loopback: oidc-provider with a login page and a consent page.
 */

import { generateKeyPairSync, randomBytes } from "node:crypto";
import { text } from "node:stream/consumers";
import { Provider } from "oidc-provider";

/** Where oidc-provider keeps codes, tokens, sessions and grants: a Map. */
function memory() {
  const stored = new Map();
  const named = (kind, id) => `${kind}:${id}`;
  return class Memory {
    constructor(kind) {
      this.kind = kind;
    }

    async upsert(id, payload) {
      stored.set(named(this.kind, id), { ...payload });
    }

    async find(id) {
      return stored.get(named(this.kind, id));
    }

    async findByUid(uid) {
      return [...stored.values()].find((payload) => payload.kind === this.kind && payload.uid === uid);
    }

    async consume(id) {
      stored.get(named(this.kind, id)).consumed = Math.floor(Date.now() / 1000);
    }

    async destroy(id) {
      stored.delete(named(this.kind, id));
    }

    async revokeByGrantId(grantId) {
      for (const [key, payload] of stored) if (payload.grantId === grantId) stored.delete(key);
    }
  };
}

/**
 * What answers requests to an authorization server.
 *
 * @param {{issuer: string, api: string, clients: object[], users: Record<string, string>,
 *   pkceOptional?: string[]}} options its own origin; the API that its tokens are for; the
 *   registered clients (RFC 7591); passwords by name; ids of clients that may leave PKCE out
 */
export function authorizationServer({ issuer, api, clients, users, pkceOptional = [] }) {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const provider = new Provider(issuer, {
    adapter: memory(),
    clients,
    jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), use: "sig", alg: "RS256" }] },
    cookies: { keys: [randomBytes(32).toString("hex")] },
    findAccount: (_, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
    interactions: { url: (_, { uid }) => `/interaction/${uid}` },
    pkce: { required: (_, { clientId }) => !pkceOptional.includes(clientId) },
    issueRefreshToken: (_, client) => client.grantTypeAllowed("refresh_token"),
    rotateRefreshToken: true,
    responseTypes: ["code"],
    routes: { introspection: "/introspect" },
    renderError: (context, { error, error_description: description }) => {
      context.type = "json";
      context.body = { error, error_description: description };
    },
    ttl: {
      AccessToken: 600,
      AuthorizationCode: 60,
      Grant: 86_400,
      Interaction: 600,
      RefreshToken: 86_400,
      Session: 86_400,
    },
    features: {
      devInteractions: { enabled: false },
      introspection: { enabled: true, allowedPolicy: (_, { clientId }) => clientId === "photos" },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => api,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope: "photos.read photos.write",
          accessTokenFormat: "opaque",
        }),
      },
    },
  });
  const answer = provider.callback();
  return (request, response) =>
    request.url.startsWith("/interaction/")
      ? interact(provider, users, request, response)
      : answer(request, response);
}

/** The pages between: who are you, and may they? */
async function interact(provider, users, request, response) {
  const { prompt, params, session } = await provider.interactionDetails(request, response);
  if (request.method === "GET") {
    const client = await provider.Client.find(params.client_id);
    response.setHeader("content-type", "text/html; charset=utf-8");
    response.end(
      prompt.name === "login"
        ? form(request.url, "Log in", "name", "password")
        : form(request.url, `Let ${client.clientName} use: ${params.scope}?`, "consent"),
    );
    return;
  }
  const filled = new URLSearchParams(await text(request));
  const finish = (result) =>
    provider.interactionFinished(request, response, result, { mergeWithLastSubmission: true });
  if (prompt.name === "login") {
    const name = filled.get("name");
    const known = Object.hasOwn(users, name) && users[name] === filled.get("password");
    await finish(known ? { login: { accountId: name } } : { error: "access_denied" });
  } else if (filled.get("consent") !== "yes") {
    await finish({ error: "access_denied", error_description: "the user said no" });
  } else {
    const grant = new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
    for (const [api, scopes] of Object.entries(prompt.details.missingResourceScopes ?? {})) {
      grant.addResourceScope(api, scopes.join(" "));
    }
    await finish({ consent: { grantId: await grant.save() } });
  }
}

function form(action, title, ...fields) {
  const inputs = fields.map((field) => `<label>${field} <input name="${field}"></label>`);
  return `<title>${title}</title><form method="post" action="${action}">${inputs.join("")}
<button>OK</button></form>`;
}
