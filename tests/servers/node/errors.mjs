/** The errors of the contract: thrown anywhere, written in one place. */

/** An error that a client is told of: its HTTP status, its code, a sentence for people, and headers of its own. */
export class ApiError extends Error {
  constructor(status, code, message, headers = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

/** A query parameter is malformed or unknown. */
export const badParameter = (message) => new ApiError(400, 20001, message);

/** PageSize is over its maximum. */
export const pageSizeTooLarge = () =>
  new ApiError(400, 20007, "PageSize may be 1000 at most; follow next_page_url to read more.");

/** Credentials are missing or wrong. */
export const unauthorized = () =>
  new ApiError(401, 20003, "Authenticate with an account SID and its auth token, or an API key and its secret.", {
    "WWW-Authenticate": 'Basic realm="Chat", charset="UTF-8"',
  });

/** There is no such resource, or it is not this account's: nothing tells the two apart. */
export const notFound = () => new ApiError(404, 20404, "There is no such resource.");

/** The path does not have the method; `allowed` are those that it has. */
export const methodNotAllowed = (allowed) =>
  new ApiError(405, 20004, `This resource has the methods ${allowed.join(", ")}.`, { Allow: allowed.join(", ") });

/** The request cannot be read as HTTP. */
export const malformedRequest = () => new ApiError(400, 20001, "The request is not valid HTTP.");

/** Something of ours is broken. */
export const internalError = () => new ApiError(500, 20500, "The server failed to answer this request.");
