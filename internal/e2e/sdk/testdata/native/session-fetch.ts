// docs: begin fetch
export interface Tokens {
  load(): Promise<string>;
  save(token: string): Promise<void>;
}
type Question = (fetch: typeof globalThis.fetch) => Promise<void>;

// sessionFetch returns a fetch that sends a session's token to one API. When the API requires
// a log-in or a proof, it asks the user and repeats the request. Parallel requests ask once.
export function sessionFetch(api: string, tokens: Tokens, logIn: Question, prove: Question): typeof fetch {
  const questions = new Map([
    ["urn:humasess:problem:no-session", logIn], // saves the token
    ["urn:humasess:problem:reauthentication-required", prove], // its answer has Session-Token
  ]);
  let pending: Promise<void> | undefined;

  const send = async (request: Request): Promise<[Response, string]> => {
    const token = await tokens.load();
    if (token) request.headers.set("Authorization", `Bearer ${token}`);
    const response = await fetch(request);
    const next = response.headers.get("Session-Token");
    if (next) await tokens.save(next);
    return [response, token];
  };
  const plain: typeof fetch = async (input, init) => (await send(new Request(input, init)))[0]; // asks nothing

  return async (input, init) => {
    let request = new Request(input, init);
    if (new URL(request.url).origin !== new URL(api).origin) return fetch(request);
    const asked = new Set<Question>();
    for (;;) {
      const copy = init?.body instanceof ReadableStream ? undefined : request.clone();
      const [response, sent] = await send(request);
      const refused = response.status === 401 || response.status === 403;
      const problem = refused ? await response.clone().json().catch(() => undefined) : undefined;
      const question = questions.get(problem?.type);
      if (!copy || !question) return response;
      let again = true;
      pending ??= (async () => {
        if ((await tokens.load()) !== sent) return; // replaced meanwhile
        again = !asked.has(question);
        asked.add(question);
        if (again) await question(plain);
      })().finally(() => (pending = undefined));
      await pending;
      if (!again) return response;
      request = copy;
    }
  };
}
// docs: end
