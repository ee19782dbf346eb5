/** Statements about what tenants should look like, by their kind and the digest of their history. */
import type { Statement } from '../../sql/statement.ts'
import type { KeptBlueprint } from './kept-blueprint.ts'

/** The blueprint comes as text, because an application may have told pg to read JSON in a way of its own. */
export function keptSql(kind: string, digest: string): Statement {
  return {
    text: `
      select
        kept.reader,
        kept.surroundings,
        kept.fingerprint,
        kept.blueprint::text as blueprint
      from partywall.blueprints as kept
      where kept.kind = $1::text
        and kept.digest = $2::text
        and kept.server_major = ${serverMajor}`,
    values: [kind, digest],
  }
}

export function keepSql(
  kind: string,
  digest: string,
  { reader, surroundings, fingerprint, blueprint }: KeptBlueprint,
): Statement {
  return {
    text: `
      insert into partywall.blueprints (kind, digest, server_major, reader, surroundings, fingerprint, blueprint)
      values ($1::text, $2::text, ${serverMajor}, $3::text, $4::text, $5::text, $6::text::json)
      on conflict (kind, digest, server_major) do update
        set reader = excluded.reader,
          surroundings = excluded.surroundings,
          fingerprint = excluded.fingerprint,
          blueprint = excluded.blueprint,
          built_at = now()`,
    values: [kind, digest, reader, surroundings, fingerprint, JSON.stringify(blueprint)],
  }
}

/** PostgreSQL prints definitions in another way from one major version to the next. */
const serverMajor = `pg_catalog.current_setting('server_version_num')::integer / 10000`
