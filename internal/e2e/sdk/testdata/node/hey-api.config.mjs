// The document of the quickstart, and one with bearer tokens.
const client = (input, path) => ({
  input,
  output: { path, importFileExtension: ".js" }, // for modules of Node
  plugins: ["@hey-api/client-fetch", "@hey-api/typescript", "@hey-api/sdk"],
});

export default [client("openapi.json", "generated/hey-api"), client("tokens.json", "generated/hey-api-token")];
