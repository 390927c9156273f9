// Arguments of every client: where the API is, and who signs in.
export const [url = "", name = "", password = ""] = process.argv.slice(2);

export function expect<T>(what: string, got: T, want: T): void {
  if (got !== want) {
    throw new Error(`${what}: got ${got}, want ${want}`);
  }
}

// present asserts that a typed value is there, and narrows its type.
export function present<T>(what: string, got: T | null | undefined): T {
  if (got === null || got === undefined) {
    throw new Error(`${what}: got nothing`);
  }
  return got;
}
