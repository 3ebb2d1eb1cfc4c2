/** Everything that this client throws on purpose. */
export declare class CheckoutError extends Error {}

export declare class APIError extends CheckoutError {
  readonly status: number;
  /** Stable; described at `documentationUrl`. */
  readonly code: string;
  readonly type: string;
  readonly field: string | null;
  readonly constraints: Record<string, unknown>;
  readonly suggestions: string[];
  readonly errors: Array<Record<string, unknown>>;
  readonly documentationUrl: string;
  /** Names the request in the operator's logs. */
  readonly requestId: string;
  /** Seconds. */
  readonly retryAfter: number | null;
}

export declare class ConnectionFailed extends CheckoutError {}
export declare class TimedOut extends ConnectionFailed {}
export declare class SignatureInvalid extends CheckoutError {}
export declare class InvalidRequest extends APIError {}
export declare class ValidationFailed extends InvalidRequest {}
export declare class NotFound extends InvalidRequest {}
export declare class Conflict extends InvalidRequest {}
export declare class AuthenticationFailed extends APIError {}
export declare class PermissionDenied extends APIError {}
export declare class RateLimited extends APIError {}
export declare class ServerFailed extends APIError {}
