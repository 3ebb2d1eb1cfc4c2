/**
 * JSON without floats: amounts come in as text, digit by digit, and go out as text.
 *
 * Which fields are amounts is known from shapes.js; other whole numbers are numbers.
 */

import { SHAPES } from "./shapes.js";

/** A number as it was written. */
class Digits {
  constructor(text) {
    this.text = text;
  }
}

/** Read JSON; a number with a point, or too large for a number, becomes text. */
export function parse(text, kind = null) {
  const found = JSON.parse(text, (key, value, context) => {
    if (typeof value !== "number") return value;
    if (!context) throw new Error("Node.js 22 or later is needed: this one cannot read numbers exactly.");
    return new Digits(context.source);
  });
  return convert(found, kind);
}

/** Write a request's body; `kind` is the name of its shape. */
export function stringify(value, kind = null) {
  return JSON.stringify(prepared(value, kind, ""));
}

function convert(value, kind) {
  if (value instanceof Digits) return kind === "amount" ? plainDigits(value.text) : numberOrText(value.text);
  if (Array.isArray(value)) return value.map((one) => convert(one, kind?.list ?? null));
  if (value === null || typeof value !== "object") return value;
  const fields = typeof kind === "string" ? (SHAPES[kind] ?? {}) : {};
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, convert(inner, kind?.map ?? fields[name] ?? null)]),
  );
}

function numberOrText(text) {
  const number = Number(text);
  return Number.isSafeInteger(number) && /^-?[0-9]+$/.test(text) ? number : plainDigits(text);
}

/** Write an exponent out: 1E-18 is 0.000000000000000001. */
function plainDigits(text) {
  const [, sign, whole, fraction = "", exponent] = /^(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?$/.exec(text);
  if (exponent === undefined) return text;
  const point = whole.length + Number(exponent);
  const digits = (whole + fraction).padEnd(point, "0");
  const padded = digits.padStart(digits.length + Math.max(1 - point, 0), "0");
  const place = Math.max(point, 1);
  const rest = padded.slice(place);
  return sign + padded.slice(0, place) + (rest ? `.${rest}` : "");
}

function prepared(value, kind, where) {
  if (typeof value === "bigint") return value.toString();
  if (value instanceof Date) return value.toISOString();
  if (kind === "amount" && typeof value === "number" && !Number.isSafeInteger(value)) {
    throw new TypeError(`${where} is the number ${value}, which is not exact. Give "${value}" as text.`);
  }
  if (Array.isArray(value)) return value.map((one, index) => prepared(one, kind?.list ?? null, `${where}[${index}]`));
  if (value === null || typeof value !== "object") return value;
  const fields = typeof kind === "string" ? (SHAPES[kind] ?? {}) : {};
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      prepared(inner, kind?.map ?? fields[name] ?? null, where ? `${where}.${name}` : name),
    ]),
  );
}
