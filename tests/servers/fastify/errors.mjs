/** The errors of the contract. */

export class ApiError extends Error {
  constructor(status, code, message) {
    super(message);
    Object.assign(this, { status, code });
  }
}

export const badParameter = (message) => new ApiError(400, 20001, message);
export const pageSizeTooLarge = () => new ApiError(400, 20007, "PageSize must be at most 1000.");
export const unauthorized = () => new ApiError(401, 20003, "Authenticate with an account or an API key.");
export const notFound = () => new ApiError(404, 20404, "The requested resource was not found.");
export const methodNotAllowed = () => new ApiError(405, 20004, "The resource does not have this method.");
export const internalError = () => new ApiError(500, 20500, "The server failed.");

/** What Fastify throws, as an error of the contract. */
export function translated(error) {
  if (error instanceof ApiError) return error;
  const [invalid] = error.validation ?? [];
  if (invalid?.instancePath === "/PageSize" && invalid.keyword === "maximum") return pageSizeTooLarge();
  return error.statusCode < 500 ? badParameter(error.message) : internalError();
}

export const body = ({ code, message, status }) => ({
  code,
  message,
  more_info: `https://www.twilio.com/docs/errors/${code}`,
  status,
});
