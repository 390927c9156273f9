// Hey API asks for the cookie's value before each operation that needs it. In a
// browser that is not needed.
import { expect, name, password, present, url } from "./expect.js";
import { getAdmin, listSessions, postLogout } from "./generated/hey-api/sdk.gen.js";
// docs: begin use
import { client } from "./generated/hey-api/client.gen.js";
import { getMe, postLogin } from "./generated/hey-api/sdk.gen.js";

let session: string | undefined;
client.setConfig({ baseUrl: url, auth: (a) => (a.in === "cookie" ? session : undefined) });
const login = await postLogin({ body: { name, password } });
const cookie = login.response?.headers.getSetCookie()[0] ?? ""; // quickstart=value; HttpOnly; …
session = cookie.slice(cookie.indexOf("=") + 1, cookie.indexOf(";"));
const me = await getMe(); // me.data is a User, me.error an ErrorModel
// docs: end
expect("login", login.response?.status, 204);
expect("me", me.data?.id, name);

const admin = await getAdmin();
expect("admin", admin.response?.status, 403);
expect("problem of admin", admin.error?.status, 403);

const sessions = await listSessions();
expect("sessions", sessions.data?.length, 1);
const current = present("session", sessions.data?.[0]);
expect("session is the current one", current.current, true);
expect("session has begun", current.created_at < current.expires_at, true);

const logout = await postLogout();
expect("logout", logout.response?.status, 204);
const after = await getMe();
expect("me after logout", after.response?.status, 401);
expect("problem of me after logout", after.error?.status, 401);
