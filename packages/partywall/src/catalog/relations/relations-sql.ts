/** Statements about the relations that a tenant should have: what a tenant of its kind had when its migrations were applied. */
import type { Statement } from '../../sql/statement.ts'

/** Tables, partitioned and foreign ones too, views, materialized views, sequences: what a query reaches by its name alone. */
export const relationKinds = `'r', 'p', 'f', 'v', 'm', 'S'`

/** Whether a relation is a sequence that belongs to a column: it is used by that column alone. @param relation a row of pg_class */
export function belongsToColumn(relation: string): string {
  return `exists (
            select
            from pg_catalog.pg_depend as owner
            where ${relation}.relkind = 'S'
              and owner.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
              and owner.objid = ${relation}.oid
              and owner.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
              and owner.deptype in ('a', 'i')
          )`
}

/** Keeps what a new schema has, unless it is known what tenants of this kind with these migrations have. */
export function recordNewSql(kind: string, schema: string): Statement {
  return {
    text: `
      insert into partywall.relations (kind, digest, names)
      select
        $1::text,
        history.digest,
        ${namesIn('pg_catalog.quote_ident($2::text)::pg_catalog.regnamespace')}
      from (
        select pg_catalog.obj_description(relation.oid, 'pg_class') as digest
        from pg_catalog.pg_class as relation
        where relation.relname = 'partywall_migrations'
          and relation.relnamespace = pg_catalog.quote_ident($2::text)::pg_catalog.regnamespace
      ) as history
      where history.digest is not null
      on conflict do nothing`,
    values: [kind, schema],
  }
}

/** The same for all kinds and migrations that tenants have; what is kept for others is forgotten. It reads the digest of every tenant. */
export const recordAllSql: Statement = {
  text: `
      with used as materialized (
        select distinct on (tenant.kind, description.description)
          tenant.kind as kind,
          description.description as digest,
          namespace.oid as namespace
        from partywall.tenants as tenant
        join pg_catalog.pg_namespace as namespace on namespace.nspname = tenant.schema::name
        join pg_catalog.pg_class as history on history.relnamespace = namespace.oid and history.relname = 'partywall_migrations'
        join pg_catalog.pg_description as description
          on description.objoid = history.oid
          and description.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass
          and description.objsubid = 0
        order by tenant.kind, description.description, tenant.schema
      ),
      forgotten as (
        delete from partywall.relations as known
        where not exists (select from used where used.kind = known.kind and used.digest = known.digest)
      )
      insert into partywall.relations (kind, digest, names)
      select
        used.kind,
        used.digest,
        ${namesIn('used.namespace')}
      from used
      where not exists (select from partywall.relations as known where known.kind = used.kind and known.digest = used.digest)
      on conflict do nothing`,
}

/** A partition is reached through its table, and comes and goes with time. */
function namesIn(namespace: string): string {
  return `array(
          select relation.relname::text
          from pg_catalog.pg_class as relation
          where relation.relnamespace = ${namespace}
            and relation.relkind in (${relationKinds})
            and not relation.relispartition
            and relation.relname <> 'partywall_migrations'
            and not ${belongsToColumn('relation')}
          order by 1
        )`
}

/**
 * A row for each relation that a tenant should have and lacks, and that these schemas have. Where they have no name that tenants should have, it reads no
 * tenant.
 */
export function lostSql(schemas: readonly string[]): Statement {
  return {
    text: `
      with known as materialized (
        select
          relations.kind,
          relations.digest,
          pg_catalog.array_agg(name.name) as names
        from partywall.relations as relations
        cross join pg_catalog.unnest(relations.names) as name (name)
        where exists (
          select
          from pg_catalog.pg_class as relation
          where relation.relname = name.name::pg_catalog.name
            and relation.relkind in (${relationKinds})
            and relation.relnamespace in (select oid from pg_catalog.pg_namespace where nspname = any ($1::pg_catalog.name[]))
        )
        group by relations.kind, relations.digest
      )
      select
        lacking.id,
        lacking.schema,
        lacking.name
      from known
      cross join lateral (
        select
          tenant.id::text as id,
          tenant.schema as schema,
          name.name as name,
          namespace.oid as namespace
        from partywall.tenants as tenant
        join pg_catalog.pg_namespace as namespace on namespace.nspname = tenant.schema::name
        cross join pg_catalog.unnest(known.names) as name (name)
        where tenant.kind = known.kind
          and not exists (
            select
            from pg_catalog.pg_class as own
            where own.relname = name.name::pg_catalog.name
              and own.relnamespace = namespace.oid
              and own.relkind in (${relationKinds})
          )
        -- Before the digests are read, which costs more.
        offset 0
      ) as lacking
      where known.digest = (
        select pg_catalog.obj_description(history.oid, 'pg_class')
        from pg_catalog.pg_class as history
        where history.relname = 'partywall_migrations'
          and history.relnamespace = lacking.namespace
      )
      order by lacking.schema, lacking.name`,
    values: [schemas],
  }
}
