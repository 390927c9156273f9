// orval's functions take the options of fetch, and the token is a header there.
import { expect, name, password, present } from "./expect.js";
import { getAdmin, getMe, listSessions, postLogout, postToken, postTokenRenewal } from "./generated/orval-token.js";

const before = await getMe();
expect("me before login", before.status, 401);
expect("problem of me before login", before.status === 401 ? before.data.status : 0, 401);

const login = await postToken({ name, password });
const issued = present("token", login.status === 200 ? login.data : null);
expect("type of the token", issued.token_type, "Bearer");
expect("the token lives", issued.expires_in > 0, true);
// docs: begin use
const withToken = (token: string): RequestInit => ({ headers: { Authorization: `Bearer ${token}` } });
const me = await getMe(withToken(issued.access_token));
// docs: end
expect("me", me.status === 200 ? me.data.id : "", name);

const admin = await getAdmin(withToken(issued.access_token));
expect("admin", admin.status, 403);
expect("problem of admin", admin.status === 403 ? admin.data.status : 0, 403);

const renewal = await postTokenRenewal(withToken(issued.access_token));
const renewed = present("renewal", renewal.status === 200 ? renewal.data : null);
const session = withToken(renewed.access_token);
const sessions = await listSessions(session);
const list = present("sessions", sessions.status === 200 ? sessions.data : null);
expect("sessions", list.length, 1);
expect("carrier", list[0]?.carrier, "bearer");

const logout = await postLogout(session);
expect("logout", logout.status, 204);
const after = await getMe(session);
expect("me after logout", after.status, 401);
expect("problem of me after logout", after.status === 401 ? after.data.status : 0, 401);
