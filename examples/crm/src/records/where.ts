/** Conditions of a statement, with their values as parameters. */
export class Where {
  readonly values: unknown[] = []
  readonly #conditions: string[] = []

  /** Adds a condition, unless there is no value. `condition` gets the parameter, such as `$3`. */
  add(value: unknown, condition: (parameter: string) => string): this {
    if (value !== undefined) this.#conditions.push(condition(this.parameter(value)))
    return this
  }

  parameter(value: unknown): string {
    this.values.push(value)
    return `$${this.values.length}`
  }

  toString(): string {
    return this.#conditions.length === 0 ? '' : `where ${this.#conditions.join(' and ')}`
  }
}

/**
 * The words of a text, each as the beginning of a word that is looked for; null where it has none. The text is cut up as the columns `search` are, and the words are letters and digits alone, so they
 * cannot be syntax.
 */
export function searchQuery(parameter: string): string {
  return `(
    select to_tsquery('simple', string_agg(quote_literal(word) || ':*', ' & '))
    from unnest(string_to_array(regexp_replace(${parameter}::text, '[^[:alnum:]]+', ' ', 'g'), ' ')) as word
    where word <> '')`
}

/** What a record may be about: the filters of tasks, notes and files. */
export function aboutWhere(where: Where, query: { customerId?: unknown; leadId?: unknown; projectId?: unknown }): Where {
  return where
    .add(query.customerId, (id) => `r.customer_id = ${id}`)
    .add(query.leadId, (id) => `r.lead_id = ${id}`)
    .add(query.projectId, (id) => `r.project_id = ${id}`)
}
