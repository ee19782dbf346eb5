/** Statements about the rows of ready schemas. */
import type { Statement } from '../../sql/statement.ts'
import type { Seal } from './ready-schema.ts'

/** What `readyOfRow` reads. */
export const readyColumns = `
        ready.id::text as id,
        ready.kind::text as kind,
        ready.schema::text as schema,
        ready.oid::text as oid,
        ready.digest::text as digest,
        ready.reader::text as reader,
        ready.seal::text as hash,
        ready.contents::text as contents,
        (extract(epoch from ready.created_at) * 1000)::text as created_at`

export function countReadySql(kind: string, digest: string, reader: string): Statement {
  return {
    text: `
      select
        pg_catalog.count(*)::integer as all,
        (pg_catalog.count(*) filter (where ready.digest = $2::text and ready.reader = $3::text))::integer as fit
      from partywall.ready_schemas as ready
      where ready.kind = $1::text`,
    values: [kind, digest, reader],
  }
}

/**
 * Takes the oldest that no other transaction is taking, and the lock of its migrations. With the commit its row is gone; after a rollback it is there again.
 * What follows waits for locks no longer than `lockTimeoutMs`; `lock_timeout` is the limit that was there before.
 * @param lockKey the key of the lock of a schema, by the SQL of its name
 */
export function takeReadySql(
  kind: string,
  digest: string,
  reader: string,
  lockKey: (column: string) => string,
  lockTimeoutMs: number,
): Statement {
  return {
    text: `
      with chosen as materialized (
        select ready.id
        from partywall.ready_schemas as ready
        where ready.kind = $1::text
          and ready.digest = $2::text
          and ready.reader = $3::text
        order by ready.created_at, ready.id
        limit 1
        for update skip locked
      )
      delete from partywall.ready_schemas as ready
      using chosen
      where ready.id = chosen.id
      returning ${readyColumns},
        pg_catalog.pg_try_advisory_xact_lock(${lockKey('ready.schema')}) as is_free,
        pg_catalog.current_setting('lock_timeout') as lock_timeout,
        pg_catalog.set_config('lock_timeout', $4::text, true) as limited`,
    values: [kind, digest, reader, String(lockTimeoutMs)],
  }
}

export function insertReadySql(id: string, kind: string, schema: string, seal: Seal): Statement {
  return {
    text: `
      insert into partywall.ready_schemas (id, kind, schema, oid, digest, reader, seal, contents)
      values ($1::uuid, $2::text, $3::text, $4::oid, $5::text, $6::text, $7::text, $8::text::json)`,
    values: [id, kind, schema, ...sealValues(seal)],
  }
}

/** No row: it is a tenant by now, or was dropped. */
export function keepSealSql(id: string, seal: Seal): Statement {
  return {
    text: `
      update partywall.ready_schemas as ready
      set oid = $2::oid,
          digest = $3::text,
          reader = $4::text,
          seal = $5::text,
          contents = $6::text::json
      where ready.id = $1::uuid
      returning ready.id::text as id`,
    values: [id, ...sealValues(seal)],
  }
}

/** Waits for a transaction that has taken it, and then finds no row. */
export function deleteReadySql(id: string): Statement {
  return {
    text: `
      delete from partywall.ready_schemas as ready
      where ready.id = $1::uuid
      returning
        ready.schema::text as schema,
        exists (
          select
          from pg_catalog.pg_namespace as namespace
          where namespace.nspname::text = ready.schema
            and namespace.oid = ready.oid
        ) as "isThere"`,
    values: [id],
  }
}

function sealValues({ oid, digest, reader, hash, contents }: Seal): readonly string[] {
  return [oid, digest, reader, hash, JSON.stringify(contents)]
}
