/** Some tools create an extension themselves, before their first migration. PostgreSQL then misses what the extension has, and does not name it. */

/** The extension that has what an error message says is missing; undefined when it is no well-known one. */
export function neededExtension(message: string): string | undefined {
  const method = /has no default operator class for access method "(gin|gist)"/.exec(message)?.[1]
  if (method !== undefined) return `btree_${method}`
  const missing = /(?:function|type|operator class|text search dictionary) "?(?:[\w$]+\.)?([\w$]+)"?.*? does not exist/.exec(
    message,
  )?.[1]
  return missing === undefined ? undefined : members.find(([pattern]) => pattern.test(missing))?.[1]
}

const members: readonly (readonly [name: RegExp, extension: string])[] = [
  [/^uuid_(?:generate_v[1-5](?:mc)?|nil|ns_\w+)$/, 'uuid-ossp'],
  [/^(?:crypt|gen_salt|gen_random_bytes|gen_random_uuid|digest|hmac|pgp_\w+)$/, 'pgcrypto'],
  [/^(?:gin_trgm_ops|gist_trgm_ops|similarity|word_similarity|show_trgm)$/, 'pg_trgm'],
  [/^citext$/, 'citext'],
  [/^hstore$/, 'hstore'],
  [/^ltree$/, 'ltree'],
  [/^unaccent$/, 'unaccent'],
  [/^(?:vector|halfvec|vector_\w+_ops)$/, 'vector'],
  [/^(?:geometry|geography|st_\w+)$/, 'postgis'],
]
