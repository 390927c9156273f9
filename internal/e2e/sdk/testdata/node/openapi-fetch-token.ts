// openapi-fetch sends a bearer token that a middleware adds.
import createClient from "openapi-fetch";
import { expect, name, password, present, url } from "./expect.js";
import type { paths } from "./generated/openapi-fetch-token.js";

// docs: begin use
let token: string | undefined;
const client = createClient<paths>({ baseUrl: url });
client.use({
  onRequest({ request }) {
    if (token !== undefined) {
      request.headers.set("Authorization", `Bearer ${token}`);
    }
  },
});
// docs: end
const before = await client.GET("/me");
expect("me before login", before.response.status, 401);
expect("problem of me before login", before.error?.status, 401);

const login = await client.POST("/token", { body: { name, password } });
expect("type of the token", login.data?.token_type, "Bearer");
expect("the token lives", present("token", login.data).expires_in > 0, true);
token = login.data?.access_token;
const me = await client.GET("/me");
expect("me", me.data?.id, name);

const admin = await client.GET("/admin");
expect("admin", admin.response.status, 403);
expect("problem of admin", admin.error?.status, 403);

const renewal = await client.POST("/token/renewal");
token = present("renewal", renewal.data).access_token;
// docs: begin next
const sessionToken: keyof paths["/step-up"]["post"]["responses"][204]["headers"] = "Session-Token";
const proof = await client.POST("/step-up");
const next = proof.response.headers.get(sessionToken);
if (next !== null) {
  token = next; // the former one does not work any more
}
// docs: end
expect("step-up", proof.response.status, 204);
const sessions = await client.GET("/sessions");
expect("sessions", sessions.data?.length, 1);
expect("carrier", sessions.data?.[0]?.carrier, "bearer");

const logout = await client.POST("/logout");
expect("logout", logout.response.status, 204);
const after = await client.GET("/me");
expect("me after logout", after.response.status, 401);
expect("problem of me after logout", after.error?.status, 401);
