// A certified OpenID provider for the tests: `node oidc.mjs SETTINGS`, where SETTINGS is JSON of
// {port, clients: [...], people: {login: claims}}. Whoever types a login of `people` is signed in, whatever the password.

import { generateKeyPairSync, randomUUID } from "node:crypto";
import { Provider } from "oidc-provider";

const { port, clients, people } = JSON.parse(process.argv[2]);
const key = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ format: "jwk" });

const provider = new Provider(`http://localhost:${port}`, {
  clients,
  jwks: { keys: [{ ...key, kid: randomUUID(), use: "sig", alg: "RS256" }] },
  cookies: { keys: [randomUUID()] },
  claims: {
    openid: ["sub"],
    profile: ["name", "locale", "zoneinfo", "groups", "organization"],
    email: ["email", "email_verified"],
  },
  features: {
    backchannelLogout: { enabled: true },
    devInteractions: { enabled: true },
    rpInitiatedLogout: { enabled: true },
  },
  findAccount: (_, id) => id in people && { accountId: id, claims: () => ({ sub: id, ...people[id] }) },
  // Nobody is asked whether the hub may know her name.
  async loadExistingGrant(ctx) {
    const { session, client } = ctx.oidc;
    const grant = new ctx.oidc.provider.Grant({ accountId: session.accountId, clientId: client.clientId });
    grant.addOIDCScope("openid profile email");
    await grant.save();
    return grant;
  },
  // Otherwise it calls no address of this machine.
  fetch: (url, { dispatcher, ...options }) => globalThis.fetch(url, options),
});

provider.on("backchannel.error", (_, error, client) => console.error("back channel", client.clientId, error));
provider.on("server_error", (_, error) => console.error(error));
provider.listen(port, "127.0.0.1");
