/** Answers: what every one of them has, and how they are written. */

import { randomBytes } from "node:crypto";
import { STATUS_CODES } from "node:http";
import { gzipSync } from "node:zlib";

import { ApiError, internalError } from "./errors.mjs";

const WORTH_PACKING = 1024;

export class Answers {
  /** The answer that tells of an error; what is not meant for clients becomes a 500. */
  error(error) {
    const told = error instanceof ApiError ? error : internalError();
    return { status: told.status, headers: told.headers, body: this.errorBody(told) };
  }

  errorBody(error) {
    return {
      status: error.status,
      code: error.code,
      message: error.message,
      more_info: `https://www.twilio.com/docs/errors/${error.code}`,
    };
  }

  /** The answer to a preflight. */
  preflight(methods) {
    const headers = {
      "Access-Control-Allow-Methods": methods.join(", "),
      "Access-Control-Allow-Headers": "Authorization, Accept, Content-Type",
      "Access-Control-Max-Age": "600",
    };
    return { status: 204, headers };
  }

  /** Write an answer, `{status, headers, body}`, where the body is JSON, a text of the type in the headers, or none. */
  write(request, response, { status, headers = {}, body }) {
    const plain = this.bytes(body);
    const packed = this.isWorthPacking(request, plain) ? gzipSync(plain) : undefined;
    const packing = packed && { "Content-Encoding": "gzip", "Content-Length": packed.length };
    response.writeHead(status, { ...this.common(request), ...this.content(plain), ...packing, ...headers });
    response.end(packed ?? plain);
  }

  /** The headers of every answer. Any origin is allowed, by its name. */
  common(request) {
    const headers = {
      "Twilio-Request-Id": this.requestId(),
      "Cache-Control": "no-store",
      Vary: "Accept-Encoding, Origin",
    };
    const { origin } = request.headers;
    if (origin === undefined) return headers;
    return {
      ...headers,
      "Access-Control-Allow-Origin": origin,
      "Access-Control-Expose-Headers": "Twilio-Request-Id",
    };
  }

  requestId() {
    return `RQ${randomBytes(16).toString("hex")}`;
  }

  bytes(body) {
    if (body === undefined) return undefined;
    return Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
  }

  content(bytes) {
    if (bytes === undefined) return {};
    return { "Content-Type": "application/json; charset=utf-8", "Content-Length": this.length(bytes) };
  }

  length(bytes) {
    return bytes.length;
  }

  isWorthPacking(request, bytes) {
    return bytes !== undefined && bytes.length >= WORTH_PACKING && this.takesGzip(request);
  }

  takesGzip(request) {
    const codings = (request.headers["accept-encoding"] ?? "").toLowerCase().split(",");
    return codings.some((coding) => /^\s*gzip\s*(;\s*q=(1(\.0*)?|0\.\d*[1-9]\d*)\s*)?$/.test(coding));
  }

  /** An answer as bytes, for a connection on which no request could be read. */
  raw({ status, headers, body }) {
    const bytes = this.bytes(body);
    const common = { "Twilio-Request-Id": this.requestId(), Connection: "close" };
    const all = Object.entries({ ...common, ...this.content(bytes), ...headers });
    const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...all.map(([name, value]) => `${name}: ${value}`)];
    return Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`), bytes]);
  }
}
