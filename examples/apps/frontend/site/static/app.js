"use strict";

const $ = id => document.getElementById(id);

const api = document.querySelector("meta[name=api]").content;
const askAgain = "urn:humasess:problem:reauthentication-required";

const sentence = text => text[0].toUpperCase() + text.slice(1).replace(/\.?$/, ".");

// Failure is a response that is not a success, or none (status 0).
class Failure extends Error {
  constructor(status, problem = {}, retryAfter = null) {
    super(sentence(problem.detail ?? `The API answered ${status}`));
    this.status = status;
    this.type = problem.type;
    this.retryAfter = retryAfter;
  }
}

// call sends a request with the cookie of the API, which is for another origin. Without
// credentials: "include" the browser would neither send nor keep that cookie.
async function call(method, path, body) {
  const options = {method, credentials: "include"};
  if (body) {
    options.headers = {"Content-Type": "application/json"};
    options.body = JSON.stringify(body);
  }
  let response;
  try {
    response = await fetch(api + path, options);
  } catch {
    // The browser does not say which of both it was.
    throw new Failure(0, {detail: `${api} does not answer, or does not allow pages of ${location.origin}.`});
  }
  const json = (response.headers.get("Content-Type") ?? "").includes("json");
  const data = json ? await response.json() : undefined;
  if (!response.ok) throw new Failure(response.status, data, response.headers.get("Retry-After"));
  return data;
}

function say(text) {
  $("trouble").textContent = "";
  $("status").textContent = text;
}

function complain(failure) {
  $("status").textContent = "";
  $("trouble").textContent = failure.message + (failure.retryAfter ? ` Try again in ${failure.retryAfter} seconds.` : "");
}

function show(draft) {
  $("sign-in").hidden = Boolean(draft);
  $("editor").hidden = $("who").hidden = !draft;
  $("user").textContent = draft?.name ?? "";
  $("text").value = draft?.text ?? "";
}

// load shows the draft, or the form to sign in. It reports whether there is a session.
async function load() {
  try {
    show(await call("GET", "/draft"));
    return true;
  } catch (failure) {
    if (failure.status !== 401) throw failure;
    show(null);
    return false;
  }
}

// confirm asks for the password until the API accepts it. It reports whether it did.
function confirm() {
  const dialog = $("confirm");
  $("confirm-form").reset();
  $("confirm-error").textContent = "";
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise(done => {
    dialog.onclose = () => done(dialog.returnValue === "confirmed");
    $("cancel").onclick = () => dialog.close();
    $("confirm-form").onsubmit = async event => {
      event.preventDefault();
      try {
        await call("POST", "/reauthenticate", {password: $("confirm-password").value});
        dialog.close("confirmed");
      } catch (failure) {
        $("confirm-error").textContent = failure.message;
        $("confirm-form").reset();
        $("confirm-password").focus();
      }
    };
  });
}

// on runs an action of the user, and shows its failure.
function on(id, event, action) {
  $(id).addEventListener(event, async e => {
    e.preventDefault();
    say("");
    try {
      await action();
    } catch (failure) {
      if (failure.status === 401 && $("sign-in").hidden) {
        show(null);
        failure.message = "Your session has ended. Sign in again.";
      }
      complain(failure);
    }
  });
}

on("sign-in", "submit", async () => {
  await call("POST", "/login", {name: $("name").value, password: $("password").value});
  // A browser may drop a cookie of another site, and no script sees that. Ask the API.
  if (!await load()) throw new Failure(401, {detail: "The sign-in succeeded, but your browser did not keep the cookie."});
  $("sign-in").reset();
});

on("editor", "submit", async () => {
  await call("PUT", "/draft", {text: $("text").value});
  say("Saved.");
});

on("discard", "click", async () => {
  try {
    await call("DELETE", "/draft");
  } catch (failure) {
    if (failure.type !== askAgain) throw failure;
    if (!await confirm()) return;
    await call("DELETE", "/draft");
  }
  await load();
  say("Discarded.");
});

on("sign-out", "click", async () => {
  await call("POST", "/logout");
  show(null);
  say("You are signed out.");
});

load().catch(complain);

// A page from the back-forward cache may show the draft of a session that has ended.
addEventListener("pageshow", event => { if (event.persisted) load().catch(complain); });
