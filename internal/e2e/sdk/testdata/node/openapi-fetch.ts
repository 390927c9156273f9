// openapi-fetch takes its types from openapi-typescript. A browser carries the
// session by itself; elsewhere fetch-cookie does.
import { expect, name, password, present, url } from "./expect.js";
// docs: begin use
import makeFetchCookie from "fetch-cookie";
import createClient from "openapi-fetch";
import type { paths } from "./generated/openapi-fetch.js";

const client = createClient<paths>({ baseUrl: url, fetch: makeFetchCookie(fetch) });
const login = await client.POST("/login", { body: { name, password } });
const me = await client.GET("/me"); // me.data is a User, me.error an ErrorModel
// docs: end
expect("login", login.response.status, 204);
expect("me", me.data?.id, name);

const admin = await client.GET("/admin");
expect("admin", admin.response.status, 403);
expect("problem of admin", admin.error?.status, 403);

const sessions = await client.GET("/sessions");
expect("sessions", sessions.data?.length, 1);
const session = present("session", sessions.data?.[0]);
expect("session is the current one", session.current, true);
expect("session has begun", session.created_at < session.expires_at, true);

const logout = await client.POST("/logout");
expect("logout", logout.response.status, 204);
const after = await client.GET("/me");
expect("me after logout", after.response.status, 401);
expect("problem of me after logout", after.error?.status, 401);
