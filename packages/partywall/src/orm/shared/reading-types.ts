/** How the values of a result are read where the types belong to a library and the client belongs to the tenancy. */

export interface TypesLike {
  getTypeParser(type: number, format?: string): unknown
}

/** A cursor of pg-cursor, or a stream that has one, reads with the types of its result, and ignores those of the client. */
export function readCursorWith(types: TypesLike | undefined, query: { readonly _result?: { _types?: unknown } }): void {
  if (query._result !== undefined) query._result._types ??= types
}
