module.exports = {
  api: {
    input: process.env.SPEC,
    output: { target: "client/api.ts", client: "fetch", baseUrl: process.env.BASE_URL },
  },
};
