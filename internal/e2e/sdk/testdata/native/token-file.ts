// docs: begin file
import { randomUUID } from "node:crypto";
import { open, readFile, rename } from "node:fs/promises";

// tokenFile keeps a token in a file that only its owner can read. Its folder exists.
export const tokenFile = (path: string) => ({
  async load(): Promise<string> {
    try {
      return await readFile(path, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
      throw error;
    }
  },
  async save(token: string): Promise<void> {
    const temp = `${path}.${randomUUID()}`;
    const file = await open(temp, "wx", 0o600);
    await file.writeFile(token);
    await file.sync();
    await file.close();
    await rename(temp, path); // in one step: a crash leaves the old token or the new one
  },
});
// docs: end
