// A client that keeps its cookies in a file: node out/cookie-file.js URL NAME PASSWORD FILE
import { stat } from "node:fs/promises";
import { tokenFile } from "./token-file.js";

const [url = "", name = "", password = "", path = ""] = process.argv.slice(2);

// docs: begin cookies
import makeFetchCookie from "fetch-cookie";

const { CookieJar } = makeFetchCookie.toughCookie;
const file = tokenFile(path);
const saved = await file.load();
const jar = saved ? await CookieJar.deserialize(saved) : new CookieJar();
const cookieFetch = makeFetchCookie(fetch, jar);
const save = async () => file.save(JSON.stringify(await jar.serialize())); // after each answer with Set-Cookie
// docs: end

const me = await cookieFetch(`${url}/me`);
if (me.status !== (saved ? 200 : 401)) {
  throw new Error(`me: got ${me.status} with ${saved.length} bytes of cookies`);
}
await cookieFetch(`${url}/login`, {
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify({ name, password }),
});
await save();
if (((await stat(path)).mode & 0o777) !== 0o600) {
  throw new Error(`got mode ${(await stat(path)).mode.toString(8)}, want 600`);
}
