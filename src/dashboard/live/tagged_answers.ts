/** Answers with their tags: what has not changed since is not sent again. */
export class TaggedAnswers<T> {
  readonly #known = new Map<string, { tag: string; data: T }>();

  /**
   * Asks with the tag of the answer before, of which a 304 says that it still holds.
   *
   * @param key Everything that the answer depends on.
   * @param call Given the tag for `If-None-Match`, if there is one. A 304 is neither data nor a refusal to the client.
   */
  async ask(
    key: string,
    call: (tag: string | undefined) => Promise<{ data?: T; response: Response }>,
  ): Promise<T> {
    const known = this.#known.get(key), { data, response } = await call(known?.tag);
    if (response.status === 304 && known) return known.data;
    const tag = response.headers.get("ETag");
    if (tag) this.#known.set(key, { tag, data: data! });
    return data!;
  }
}
