// CommonJS, because orval 7.13 finds no input in a configuration that is a
// module.
module.exports = {
  api: {
    input: "openapi.json",
    output: { target: "generated/orval.ts", client: "fetch", baseUrl: process.env.API },
  },
  tokens: {
    input: "tokens.json",
    output: { target: "generated/orval-token.ts", client: "fetch", baseUrl: process.env.TOKENS },
  },
};
