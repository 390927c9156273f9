// What orval generates calls the global fetch. A browser carries the session by
// itself; elsewhere fetch-cookie does.
import { expect, name, password, present } from "./expect.js";
import { getAdmin, listSessions, postLogout } from "./generated/orval.js";
// docs: begin use
import makeFetchCookie from "fetch-cookie";
import { getMe, postLogin } from "./generated/orval.js";

globalThis.fetch = makeFetchCookie(fetch);
const login = await postLogin({ name, password });
const me = await getMe();
if (me.status !== 200) {
  throw new Error(`me: ${me.data.detail}`); // me.data is an ErrorModel
}
const id = me.data.id; // me.data is a User
// docs: end
expect("login", login.status, 204);
expect("me", id, name);

const admin = await getAdmin();
expect("admin", admin.status, 403);
expect("problem of admin", admin.status === 403 ? admin.data.status : 0, 403);

const sessions = await listSessions();
const list = present("sessions", sessions.status === 200 ? sessions.data : null);
expect("sessions", list.length, 1);
const session = present("session", list[0]);
expect("session is the current one", session.current, true);
expect("session has begun", session.created_at < session.expires_at, true);

const logout = await postLogout();
expect("logout", logout.status, 204);
const after = await getMe();
expect("me after logout", after.status, 401);
expect("problem of me after logout", after.status === 401 ? after.data.status : 0, 401);
