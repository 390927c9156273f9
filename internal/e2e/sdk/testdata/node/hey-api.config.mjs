export default {
  input: "openapi.json",
  output: { path: "generated/hey-api", importFileExtension: ".js" }, // for modules of Node
  plugins: ["@hey-api/client-fetch", "@hey-api/typescript", "@hey-api/sdk"],
};
