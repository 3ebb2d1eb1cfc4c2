/** A list of any length: `for await (const invoice of checkout.invoices.list())` fetches page by page. */
export class Pages {
  #fetch;
  #key;
  #cursor;
  #query;

  constructor(fetch, [key, cursor], query) {
    this.#fetch = fetch;
    this.#key = key;
    this.#cursor = cursor;
    this.#query = query;
  }

  /** Fetch one page: the first one, or the one at `cursor`. */
  async page(cursor = null) {
    const found = await this.#fetch(cursor === null ? this.#query : { ...this.#query, [this.#cursor]: cursor });
    const { total, has_more, next_cursor } = found.pagination;
    return { items: found[this.#key], total, hasMore: has_more, nextCursor: next_cursor };
  }

  async *[Symbol.asyncIterator]() {
    let page = await this.page();
    yield* page.items;
    while (page.hasMore) {
      page = await this.page(page.nextCursor);
      yield* page.items;
    }
  }
}
