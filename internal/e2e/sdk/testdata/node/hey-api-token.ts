// Hey API asks for the token before each operation that needs it.
import { expect, name, password, present, url } from "./expect.js";
import { client } from "./generated/hey-api-token/client.gen.js";
import { getAdmin, getMe, listSessions, postLogout, postToken, postTokenRenewal } from "./generated/hey-api-token/sdk.gen.js";

// docs: begin use
let token: string | undefined;
client.setConfig({ baseUrl: url, auth: (a) => (a.scheme === "bearer" ? token : undefined) });
// docs: end
const before = await getMe();
expect("me before login", before.response?.status, 401);
expect("problem of me before login", before.error?.status, 401);

const login = await postToken({ body: { name, password } });
expect("type of the token", login.data?.token_type, "Bearer");
expect("the token lives", present("token", login.data).expires_in > 0, true);
token = login.data?.access_token;
const me = await getMe();
expect("me", me.data?.id, name);

const admin = await getAdmin();
expect("admin", admin.response?.status, 403);
expect("problem of admin", admin.error?.status, 403);

const renewal = await postTokenRenewal();
token = present("renewal", renewal.data).access_token;
const sessions = await listSessions();
expect("sessions", sessions.data?.length, 1);
expect("carrier", sessions.data?.[0]?.carrier, "bearer");

const logout = await postLogout();
expect("logout", logout.response?.status, 204);
const after = await getMe();
expect("me after logout", after.response?.status, 401);
expect("problem of me after logout", after.error?.status, 401);
