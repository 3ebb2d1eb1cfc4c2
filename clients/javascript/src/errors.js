/** What can go wrong: one class for each kind of failure, with what is needed to find the request again. */

/** Everything that this client throws on purpose. */
export class CheckoutError extends Error {
  constructor(message, options) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** No answer came: the gateway could not be reached, or broke off, after all attempts. */
export class ConnectionFailed extends CheckoutError {}

/** The gateway did not answer in time. What was asked may have been done; ask again with the same key. */
export class TimedOut extends ConnectionFailed {}

/** A webhook is not from the gateway, was changed on the way, or is too old. */
export class SignatureInvalid extends CheckoutError {}

/** The gateway said no. `code` is stable and described at `documentationUrl`; the message is for people. */
export class APIError extends CheckoutError {
  constructor(status, answer, headers) {
    const error = answer?.error ?? {};
    const requestId = answer?.request_id || headers.get("x-request-id") || "";
    const message = error.message || `The gateway answered with status ${status}.`;
    const where = error.field ? ` (${error.field})` : "";
    super(`${error.code ? `${error.code}: ` : ""}${message}${where}${requestId ? ` [${requestId}]` : ""}`);
    const wait = headers.get("retry-after") ?? "";
    this.status = status;
    this.code = error.code ?? "";
    this.type = error.type ?? "";
    this.field = error.field ?? null;
    this.constraints = error.constraints ?? {};
    this.suggestions = error.suggestions ?? [];
    this.errors = error.errors ?? [];
    this.documentationUrl = error.documentation_url ?? "";
    this.requestId = requestId;
    this.retryAfter = /^[0-9]+$/.test(wait) ? Number(wait) : null;
  }
}

/** The request cannot be done like this: malformed, or not while things stand as they do. */
export class InvalidRequest extends APIError {}

/** A value is wrong; `field` says which. */
export class ValidationFailed extends InvalidRequest {}

/** There is no such object, or none that this key may see. */
export class NotFound extends InvalidRequest {}

/** The object's state does not allow it, or the idempotency key was used for something else. */
export class Conflict extends InvalidRequest {}

/** The key is missing, wrong, expired or revoked. */
export class AuthenticationFailed extends APIError {}

/** The key lacks a permission; the message names it. */
export class PermissionDenied extends APIError {}

/** Too many requests; `retryAfter` says how many seconds to wait. */
export class RateLimited extends APIError {}

/** The gateway failed, or cannot answer at the moment. */
export class ServerFailed extends APIError {}

const BY_STATUS = {
  401: AuthenticationFailed,
  403: PermissionDenied,
  404: NotFound,
  409: Conflict,
  422: ValidationFailed,
  429: RateLimited,
};

/** Return the error for an answer that says no. */
export function errorFor(status, answer, headers) {
  const Kind = BY_STATUS[status] ?? (status >= 500 ? ServerFailed : InvalidRequest);
  return new Kind(status, answer, headers);
}
