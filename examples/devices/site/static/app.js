"use strict";

// The page knows three things: who is signed in, where else, and that it ends.
// All of it comes from the API, and nothing of it stays in the page or in its
// address.

const $ = id => document.getElementById(id);

const askAgain = "urn:humasess:problem:reauthentication-required";

// Failure is an answer that is no success, or none at all (status 0).
class Failure extends Error {
  constructor(status, type) {
    super(`status ${status}`);
    this.status = status;
    this.type = type;
  }
}

async function call(method, path, body) {
  let response;
  try {
    response = await fetch("/api" + path, {
      method,
      headers: body ? {"Content-Type": "application/json"} : {},
      body: body && JSON.stringify(body),
    });
  } catch {
    throw new Failure(0);
  }
  const json = (response.headers.get("Content-Type") ?? "").includes("json");
  const data = json ? await response.json().catch(() => null) : null;
  if (!response.ok) throw new Failure(response.status, data?.type);
  return data;
}

// Who is signed in: what get-session answers, or null.
let session = null;

function say(text) {
  $("trouble").textContent = "";
  $("status").textContent = text;
}

function complain(failure) {
  $("status").textContent = "";
  $("trouble").textContent = reason(failure);
}

function reason(failure) {
  switch (failure.status) {
    case 0: return "The server cannot be reached. Check your connection and try again.";
    case 409: return "Another page was faster. Try again.";
    case 503: return "The server is busy. Try again in a moment.";
    default: return "That did not work. Try again.";
  }
}

function show(section, title) {
  for (const id of ["sign-in", "devices"]) $(id).hidden = id !== section;
  $("who").hidden = section !== "devices";
  document.title = title;
}

// signedOut shows the form, with why. The heading gets the focus then, so that
// a screen reader tells where one is.
function signedOut(text) {
  hush();
  session = null;
  if ($("confirm").open) $("confirm").close();
  $("list").replaceChildren();
  $("sign-in-form").reset();
  $("sign-in-error").textContent = "";
  $("password").removeAttribute("aria-invalid");
  show("sign-in", "Sign in · Devices");
  say(text);
  $(text ? "sign-in-title" : "name").focus();
}

const elsewhere = "You are signed out: this session has ended, or was ended on another device.";

// check asks who is signed in, and shows that. It is right at any time.
let retry;

async function check() {
  hush();
  clearTimeout(retry);
  const before = session;
  try {
    session = await call("GET", "/session");
  } catch (failure) {
    if (failure.status === 401) {
      if (before || $("sign-in").hidden) signedOut(before ? elsewhere : "");
      return;
    }
    complain(failure);
    retry = setTimeout(check, 5000);
    return;
  }
  $("user").textContent = session.user.name;
  setTime($("deadline"), session.deadline, calendar);
  await refresh();
  if (session && before?.id !== session.id) {
    show("devices", "Your devices");
    say("");
    $("devices-title").focus();
  }
  listen();
}

// Live: a stream that tells when the session ends. A page that nobody looks at
// does without, since browsers open few connections to one host; it asks when
// it is looked at again.
let stream = null;

function listen() {
  if (stream || !session || document.hidden) return;
  stream = new EventSource("/api/session/events");
  stream.addEventListener("ended", check);
  stream.addEventListener("error", () => {
    if (stream?.readyState === EventSource.CLOSED) {
      hush();
      retry = setTimeout(check, 1000);
    }
  });
}

function hush() {
  stream?.close();
  stream = null;
}

document.addEventListener("visibilitychange", () => document.hidden ? hush() : check());
window.addEventListener("pageshow", event => { if (event.persisted) check(); });

// The list.

async function refresh() {
  try {
    render(await call("GET", "/sessions"));
  } catch (failure) {
    if (failure.status === 401) signedOut(elsewhere);
    else complain(failure);
  }
}

function render({sessions, total}) {
  const focused = document.activeElement?.closest?.(".card")?.dataset.id;
  $("list").replaceChildren(...sessions.map(card));
  const others = total - 1;
  $("others").hidden = others === 0;
  $("more").hidden = total === sessions.length;
  $("more").textContent = `And ${total - sessions.length} more.`;
  for (const shown of $("list").children) {
    if (shown.dataset.id === focused) shown.querySelector("button")?.focus();
  }
}

function card(device) {
  const item = $("card").content.firstElementChild.cloneNode(true);
  const find = css => item.querySelector(css);
  const label = device.label || "Unknown device";
  item.dataset.id = device.id;
  find("use").setAttribute("href", "#" + kind(label));
  find(".label").textContent = label;
  find(".badge").hidden = !device.current;
  setTime(find(".since time"), device.created_at, relative);
  if (device.current) {
    find(".seen").textContent = "Active now";
    find(".revoke").remove();
    return item;
  }
  setTime(find(".seen time"), device.last_seen_at, relative);
  find(".revoke").setAttribute("aria-label", "Sign out " + label);
  find(".revoke").addEventListener("click", event => revoke(event.currentTarget, device, label));
  return item;
}

function kind(label) {
  if (/ipad|tablet/i.test(label)) return "tablet";
  if (/iphone|android|phone/i.test(label)) return "phone";
  if (/curl|wget|program/i.test(label)) return "terminal";
  return "laptop";
}

// Times: the exact one is in the element, and what is shown follows the clock.

const full = new Intl.DateTimeFormat("en", {dateStyle: "long", timeStyle: "short"});
const ago = new Intl.RelativeTimeFormat("en", {numeric: "auto"});
const shownAs = new WeakMap();

function setTime(element, iso, format) {
  element.dateTime = iso;
  element.title = full.format(new Date(iso));
  shownAs.set(element, format);
  element.textContent = format(new Date(iso));
}

function calendar(date) { return full.format(date); }

function relative(date) {
  const seconds = (date - Date.now()) / 1000;
  for (const [unit, size] of [["day", 86400], ["hour", 3600], ["minute", 60]]) {
    if (Math.abs(seconds) >= size) return ago.format(Math.trunc(seconds / size), unit);
  }
  return "just now";
}

setInterval(() => {
  for (const element of $("list").querySelectorAll("time")) {
    element.textContent = shownAs.get(element)(new Date(element.dateTime));
  }
}, 30_000);

// What one can do.

let busy = false;

// act does one thing at a time. If the password has to be proved again, it
// asks and goes on.
async function act(button, question, request, done) {
  if (busy) return;
  busy = true;
  button.setAttribute("aria-busy", "true");
  say("");
  try {
    let result;
    try {
      result = await request();
    } catch (failure) {
      if (failure.type !== askAgain) throw failure;
      if (!await confirmed(question)) return;
      result = await request();
    }
    await done(result);
  } catch (failure) {
    if (failure.status === 401) signedOut(elsewhere);
    else complain(failure);
  } finally {
    busy = false;
    button.removeAttribute("aria-busy");
  }
}

function revoke(button, device, label) {
  const place = [...$("list").children].indexOf(button.closest(".card"));
  return act(button, `Enter your password to sign out ${label}.`, async () => {
    try {
      await call("DELETE", "/sessions/" + encodeURIComponent(device.id));
    } catch (failure) {
      if (failure.status !== 404) throw failure; // it has ended by itself
    }
  }, async () => {
    await refresh();
    say(`${label} is signed out.`);
    const next = $("list").children[Math.min(place, $("list").children.length - 1)];
    (next?.querySelector("button") ?? $("devices-title")).focus();
  });
}

$("others").addEventListener("click", event => act(event.currentTarget,
  "Enter your password to sign out your other devices.",
  () => call("POST", "/sessions/revoke-others"),
  async ({revoked}) => {
    await refresh();
    say(revoked === undefined ? "Your other devices are signed out." : `${count(revoked)} signed out.`);
    $("devices-title").focus();
  }));

function count(n) {
  return n === 1 ? "1 other device is" : `${n} other devices are`;
}

$("everywhere").addEventListener("click", event => act(event.currentTarget,
  "Enter your password to sign out everywhere, here too.",
  () => { hush(); return call("POST", "/sign-out-everywhere"); },
  () => signedOut("You are signed out everywhere.")).then(listen));

$("sign-out").addEventListener("click", event => act(event.currentTarget, "",
  () => { hush(); return call("POST", "/sign-out"); },
  () => signedOut("You are signed out.")).then(listen));

$("sign-in-form").addEventListener("submit", async event => {
  event.preventDefault();
  if (busy) return;
  busy = true;
  const button = event.submitter;
  button?.setAttribute("aria-busy", "true");
  $("sign-in-error").textContent = "";
  $("password").removeAttribute("aria-invalid");
  try {
    await call("POST", "/login", {name: $("name").value.trim(), password: $("password").value, remember: $("remember").checked});
    $("password").value = "";
    await check();
  } catch (failure) {
    const wrong = failure.status === 401;
    $("sign-in-error").textContent = wrong ? "Name or password is wrong." : reason(failure);
    if (wrong) $("password").setAttribute("aria-invalid", "true");
    $("password").select();
    $("password").focus();
  } finally {
    busy = false;
    button?.removeAttribute("aria-busy");
  }
});

// confirmed asks for the password until it is right, or until one gives up.
function confirmed(question) {
  const dialog = $("confirm");
  $("confirm-text").textContent = question;
  $("confirm-form").reset();
  $("confirm-name").value = session.user.username;
  $("confirm-error").textContent = "";
  $("confirm-password").removeAttribute("aria-invalid");
  return new Promise(resolve => {
    let proved = false;
    $("confirm-form").onsubmit = async event => {
      event.preventDefault();
      try {
        await call("POST", "/reauthenticate", {password: $("confirm-password").value});
        proved = true;
        dialog.close();
      } catch (failure) {
        if (failure.status === 401) return signedOut(elsewhere);
        const wrong = failure.status === 422;
        $("confirm-error").textContent = wrong ? "That is not your password." : reason(failure);
        if (wrong) $("confirm-password").setAttribute("aria-invalid", "true");
        $("confirm-password").select();
        $("confirm-password").focus();
      }
    };
    $("cancel").onclick = () => dialog.close();
    dialog.onclose = () => { $("confirm-form").reset(); resolve(proved); };
    dialog.showModal();
  });
}

check();
