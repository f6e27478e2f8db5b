const http = require("node:http");
const https = require("node:https");

const { hostname, port } = new URL(process.env.LOOPBACK_URL);
https.request = (options, onResponse) =>
  http.request({ ...options, protocol: "http:", agent: null, hostname, port }, onResponse);
