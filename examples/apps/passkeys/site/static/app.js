"use strict";

// The page knows one thing: the session, as the API describes it.

const $ = id => document.getElementById(id);

const askAgain = "urn:humasess:problem:reauthentication-required";

// Failure is an answer that is not a success, or none at all (status 0).
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

// ceremony asks the browser for a passkey, and the server for the verdict. The challenge
// is good for one answer, so each attempt begins anew.
async function ceremony(name, body) {
  const {publicKey} = await call("POST", `/${name}/begin`, body);
  const credential = name === "register"
    ? await navigator.credentials.create({publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(publicKey)})
    : await navigator.credentials.get({publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(publicKey)});
  await call("POST", `/${name}/finish`, credential.toJSON());
}

// Texts.

function reason(failure) {
  if (failure instanceof Failure) {
    switch (failure.status) {
      case 0: return "The server cannot be reached. Check your connection and try again.";
      case 401: case 403: case 422: return "This passkey was not accepted. Try another one.";
      case 409: return "That took too long, or another tab asked for a passkey. Try again.";
      case 503: return "The server is busy. Try again in a moment.";
      default: return "That did not work. Try again.";
    }
  }
  switch (failure.name) {
    // Browsers give one error for all of these, so that pages cannot tell which passkeys a user has.
    case "NotAllowedError": return "No passkey was used. You cancelled, time ran out, or this device has none of yours or could not verify you. Try again.";
    case "SecurityError": return "Passkeys do not work at this address.";
    case "ConstraintError": case "NotSupportedError": return "This device cannot keep a passkey. Try another one.";
    default: return "That did not work. Try again.";
  }
}

function say(text) {
  $("trouble").textContent = "";
  $("status").textContent = text;
}

function complain(failure) {
  $("status").textContent = "";
  $("trouble").textContent = reason(failure);
}

// The session.

let session = null;

// Other tabs ask for the session when it has changed here.
const tabs = new BroadcastChannel("session");

tabs.addEventListener("message", () => check());

async function check() {
  const before = session;
  try {
    session = await call("GET", "/session");
  } catch (failure) {
    if (failure.status !== 401) return complain(failure);
    if (before || $("welcome").hidden) signedOut(before ? "You are signed out." : "");
    return;
  }
  showAccount();
  if (before?.id !== session.id) {
    say("");
    $("account-title").focus();
  }
}

function signedOut(text) {
  session = null;
  $("confirm").close();
  $("account").hidden = $("sign-out").hidden = true;
  $("welcome").hidden = false;
  document.title = "Sign in – Passkeys";
  say(text);
  if (text) $("welcome-title").focus();
}

const when = new Intl.DateTimeFormat("en", {dateStyle: "long", timeStyle: "short"});

function showTime(element, iso) {
  element.dateTime = iso;
  element.textContent = when.format(new Date(iso));
}

const proofs = {pop: "passkey", user: "touch", mfa: "PIN, finger or face"};

function showAccount() {
  const {time, methods = []} = session.authentication;
  $("user").textContent = session.user.name;
  showTime($("proven"), time);
  showTime($("deadline"), session.deadline);
  $("methods").replaceChildren(...methods.map(method => {
    const item = document.createElement("li");
    item.textContent = proofs[method.name] ?? method.name;
    return item;
  }));
  $("welcome").hidden = true;
  $("account").hidden = $("sign-out").hidden = false;
  document.title = "Your account – Passkeys";
}

// The buttons.

let busy = false;

// act does one thing at a time.
async function act(button, action, failed = complain) {
  if (busy) return;
  busy = true;
  button.setAttribute("aria-busy", "true");
  say("");
  try {
    await action();
    tabs.postMessage("changed");
  } catch (failure) {
    failed(failure);
  } finally {
    busy = false;
    button.removeAttribute("aria-busy");
  }
}

$("sign-in").addEventListener("click", event => act(event.currentTarget, async () => {
  await ceremony("sign-in");
  await check();
}));

$("register").addEventListener("submit", event => {
  event.preventDefault();
  act(event.submitter, async () => {
    await ceremony("register", {name: $("name").value});
    $("register").reset();
    await check();
  });
});

$("sign-out").addEventListener("click", event => act(event.currentTarget, async () => {
  await call("POST", "/sign-out");
  signedOut("You are signed out.");
}));

$("delete").addEventListener("click", () => {
  $("confirm-trouble").textContent = "";
  $("confirm").showModal();
});

$("cancel").addEventListener("click", () => $("confirm").close());

// The server says whether it needs the passkey again.
$("really-delete").addEventListener("click", event => act(event.currentTarget, async () => {
  $("confirm-trouble").textContent = "";
  try {
    await call("DELETE", "/account");
  } catch (failure) {
    if (failure.type !== askAgain) throw failure;
    await ceremony("step-up");
    await call("DELETE", "/account");
  }
  signedOut("Your account is deleted. You can remove the passkey from your device.");
}, failure => {
  if (failure.status === 401) return signedOut("You are signed out.");
  $("confirm-trouble").textContent = reason(failure);
}));

if (!window.PublicKeyCredential?.parseRequestOptionsFromJSON) {
  $("welcome").replaceChildren();
  $("trouble").textContent = "This browser does not support passkeys, or the page was not opened over https.";
} else {
  check();
  document.addEventListener("visibilitychange", () => document.hidden || check());
  window.addEventListener("pageshow", event => event.persisted && check());
}
