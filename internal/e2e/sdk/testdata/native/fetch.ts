// A native client in TypeScript: node out/fetch.js URL NAME PASSWORD FILE
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { readdir, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { sessionFetch } from "./session-fetch.js";
import { tokenFile } from "./token-file.js";

const [url = "", name = "", password = "", path = ""] = process.argv.slice(2);

function expect<T>(subject: string, got: T, want: T): void {
  if (got !== want) {
    throw new Error(`${subject}: got ${got}, want ${want}`);
  }
}

const post = (body: unknown) => ({
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(body),
});

let asked: string[] = [];
let declines = false;
const tokens = tokenFile(path);
const session = sessionFetch(
  url,
  tokens,
  async (fetch) => {
    asked.push("log in");
    await new Promise((resolve) => setTimeout(resolve, 50)); // the other requests come meanwhile
    if (declines) throw new Error("not now");
    const answer = await fetch(`${url}/token`, post({ name, password }));
    await tokens.save((await answer.json()).access_token);
  },
  async (fetch) => {
    asked.push("prove");
    await fetch(`${url}/prove`, post({ code: "123456" }));
  },
);

// A dead token, and ten requests at once, of which half need a proof as well.
await tokens.save("native_dead");
const payment = () => post({ to: "grace", amount: 5 });
const statuses = await Promise.all(
  Array.from({ length: 10 }, (_, i) => (i % 2 ? session(`${url}/pay`, payment()) : session(`${url}/me`)).then((r) => r.status)),
);
expect("ten requests", statuses.join(), Array.from({ length: 10 }, (_, i) => (i % 2 ? 204 : 200)).join());
expect("questions", asked.join(), "log in,prove");
expect("mode of the file", (await stat(path)).mode & 0o777, 0o600);
expect("files", (await readdir(dirname(path))).length, 1);

// A new process has the file only. Generated clients give fetch a Request.
asked = [];
const me = await session(new Request(`${url}/me`));
expect("me", (await me.json()).id, name);
await tokens.save("native_dead");
expect("a Request with a body", (await session(new Request(`${url}/pay`, payment()))).status, 204);
expect("questions of it", asked.join(), "log in,prove");

// A stream can be sent once.
asked = [];
await tokens.save("native_dead");
const body = new Blob([JSON.stringify({ to: "grace", amount: 5 })]).stream();
const streamed = await session(`${url}/pay`, { ...payment(), body, duplex: "half" } as RequestInit);
expect("a stream", streamed.status, 401);
expect("its problem", (await streamed.json()).type, "urn:humasess:problem:no-session");
expect("questions of a stream", asked.length, 0);

// The user declines: all that wait fail, and a later request asks again.
declines = true;
const refused = await Promise.allSettled(Array.from({ length: 5 }, () => session(`${url}/me`)));
expect("declined", refused.every((r) => r.status === "rejected"), true);
expect("questions before it was declined", asked.length, 1);
declines = false;
expect("later", (await session(`${url}/me`)).status, 200);

// A renewal whose answer is lost leaves the old token valid.
const before = await tokens.load();
await session(`${url}/token/renew`, { method: "POST" });
expect("me after a lost renewal", (await session(`${url}/me`)).status, 200);
expect("token after it", await tokens.load(), before);
expect("another renewal at once", (await session(`${url}/token/renew`, { method: "POST" })).status, 409);

// The token stays at its API.
const seen: (string | undefined)[] = [];
const other = createServer((request, response) => {
  seen.push(request.headers.authorization);
  response.setHeader("Session-Token", "native_evil");
  response.end();
}).listen(0, "127.0.0.1");
await new Promise((resolve) => other.once("listening", resolve));
await session(`http://127.0.0.1:${(other.address() as AddressInfo).port}/`);
other.close();
expect("headers elsewhere", seen.join(), "");
expect("token after another origin", await tokens.load(), before);

expect("logout", (await session(`${url}/logout`, { method: "POST" })).status, 204);
await tokens.save("");
