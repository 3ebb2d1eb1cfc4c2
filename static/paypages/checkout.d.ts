/** Types of checkout.js, version 1 of its messages. See docs/embedding.md. */

/** What is paid: an invoice that your server made, or a payment link. */
export type Order = ({ invoice: string } | { link: string }) & {
  /** Where Crypto Checkout stands; by default where the script came from. */
  origin?: string;
  /** en, de, es, fr, pt, tr, ru, ar, zh-hans or ja; by default what the browser asks for. */
  lang?: string;
  /** What the link says that is shown where frames are blocked. */
  linkText?: string;
};

export type Status = "awaiting" | "partial" | "confirming" | "paid" | "expired" | "cancelled" | "refunded";

interface Message<Type extends string> {
  source: "crypto-checkout";
  version: 1;
  type: Type;
  /** Empty while a payment link asks for what it needs. */
  invoice?: string;
}

export type CheckoutEvent =
  | (Message<"ready"> & { title: string; close: string })
  | (Message<"resize"> & { height: number })
  | (Message<"status"> & { status: Status })
  | (Message<"paid"> & { status: "paid" })
  | (Message<"expired"> & { status: "expired" })
  | (Message<"cancelled"> & { status: "cancelled" })
  /** The modal is gone; `status` is the last one that was shown. */
  | (Message<"closed"> & { status?: Status });

export interface Handle {
  close(): void;
  on<Type extends CheckoutEvent["type"]>(type: Type, listener: (event: Extract<CheckoutEvent, { type: Type }>) => void): void;
  on(type: "*", listener: (event: CheckoutEvent) => void): void;
}

declare global {
  interface Window {
    CryptoCheckout: {
      /** Open a modal; null where the browser cannot, which then goes to the payment page. */
      open(order: Order, target?: EventTarget): Handle | null;
      /** Show the payment page in an element of yours. */
      mount(element: Element, order: Order): Handle;
    };
  }
  /** Bubbles from the button that opened the modal, or from the element of `mount`; else from `document`. */
  interface DocumentEventMap {
    "crypto-checkout": CustomEvent<CheckoutEvent>;
  }
}
