/** Statements about the steps of tenants. Every name is qualified. */
import type { Statement } from '../../sql/statement.ts'

export interface StepRow {
  readonly name: string
  readonly kind: 'seed' | 'hook'
  readonly set_name: string | null
  readonly state: 'pending' | 'running' | 'done' | 'failed'
  readonly attempts: string
  readonly started_at: string | null
  readonly ended_at: string | null
  readonly error: string | null
  readonly transaction_id: string | null
}

/** As text, so that parsers that the application has set in pg.types change nothing here. */
const columns = `
        step.name as name,
        step.kind as kind,
        step.set_name as set_name,
        step.state as state,
        step.attempts::text as attempts,
        floor(extract(epoch from step.started_at) * 1000)::text as started_at,
        floor(extract(epoch from step.ended_at) * 1000)::text as ended_at,
        step.error as error,
        step.transaction_id::text as transaction_id`

/** Those that are recorded already stay as they are. */
export function insertStepsSql(
  tenantId: string,
  set: string | undefined,
  steps: readonly { readonly name: string; readonly kind: StepRow['kind'] }[],
): Statement {
  return {
    text: `
      insert into partywall.tenant_steps (tenant_id, set_name, name, kind, place)
      select $1::uuid, $2::text, step.name, step.kind, step.place
      from unnest($3::text[], $4::text[]) with ordinality as step (name, kind, place)
      on conflict (tenant_id, name) do nothing`,
    values: [tenantId, set ?? null, steps.map(({ name }) => name), steps.map(({ kind }) => kind)],
  }
}

/** Seeds whose rows were copied, so they count as run. They stand before the steps that are due. */
export function insertCopiedSeedsSql(
  tenantId: string,
  seeds: readonly { readonly name: string; readonly set: string | null }[],
): Statement {
  return {
    text: `
      insert into partywall.tenant_steps (tenant_id, set_name, name, kind, place, state, ended_at)
      select $1::uuid, seed.set_name, seed.name, 'seed', seed.place - pg_catalog.cardinality($2::text[]), 'done', pg_catalog.clock_timestamp()
      from unnest($2::text[], $3::text[]) with ordinality as seed (name, set_name, place)`,
    values: [tenantId, seeds.map(({ name }) => name), seeds.map(({ set }) => set)],
  }
}

/** The seeds of a tenant that have run, in their order. */
export function doneSeedsSql(tenantId: string): Statement {
  return {
    text: `
      select step.name as name, step.set_name as set
      from partywall.tenant_steps as step
      where step.tenant_id = $1::uuid
        and step.kind = 'seed'
        and step.state = 'done'
      order by step.set_name nulls first, step.place, step.name`,
    values: [tenantId],
  }
}

/** All steps of a tenant, in their order: those of its creation first. */
export function stepsOfTenantSql(tenantId: string): Statement {
  return {
    text: `
      select ${columns}
      from partywall.tenant_steps as step
      where step.tenant_id = $1::uuid
      order by step.set_name nulls first, step.place, step.name`,
    values: [tenantId],
  }
}

/** The same row, locked until the transaction ends. */
export function lockStepSql(tenantId: string, name: string): Statement {
  return {
    text: `
      select ${columns}
      from partywall.tenant_steps as step
      where step.tenant_id = $1::uuid
        and step.name = $2::text
      for update`,
    values: [tenantId, name],
  }
}

/** Returns no row for a step that is done, unless it is to run again. */
export function beginStepSql(tenantId: string, name: string, again: boolean): Statement {
  return {
    text: `
      update partywall.tenant_steps as step
      set state = 'running',
          attempts = step.attempts + 1,
          started_at = pg_catalog.clock_timestamp(),
          ended_at = null,
          error = null
      where step.tenant_id = $1::uuid
        and step.name = $2::text
        and (step.state <> 'done' or $3::boolean)
      returning step.attempts::text as attempts`,
    values: [tenantId, name, again],
  }
}

export function endStepSql(tenantId: string, name: string): Statement {
  return {
    text: `
      update partywall.tenant_steps as step
      set state = 'done',
          ended_at = pg_catalog.clock_timestamp(),
          error = null,
          transaction_id = null
      where step.tenant_id = $1::uuid
        and step.name = $2::text`,
    values: [tenantId, name],
  }
}

/** Not for a step that is done: the connection may have been lost after its commit, and before the answer. */
export function failStepSql(tenantId: string, name: string, error: string): Statement {
  return {
    text: `
      update partywall.tenant_steps as step
      set state = 'failed',
          ended_at = pg_catalog.clock_timestamp(),
          error = $3::text
      where step.tenant_id = $1::uuid
        and step.name = $2::text
        and step.state <> 'done'
      returning step.name as name`,
    values: [tenantId, name, error],
  }
}

/** Before the commit of a transaction that may not change the row itself. */
export function noteTransactionSql(tenantId: string, name: string, transaction: string | undefined): Statement {
  return {
    text: `
      update partywall.tenant_steps as step
      set transaction_id = $3::text::pg_catalog.xid8
      where step.tenant_id = $1::uuid
        and step.name = $2::text`,
    values: [tenantId, name, transaction ?? null],
  }
}

/** One row: what became of a transaction; null when the server does not keep it any more. */
export function transactionStatusSql(transaction: string): Statement {
  return { text: 'select pg_catalog.pg_xact_status($1::text::pg_catalog.xid8) as status', values: [transaction] }
}

/** One row: whether this transaction has the lock now. It is released when the transaction ends. */
export function tryLockSql(name: string): Statement {
  return {
    text: `
      select pg_catalog.pg_try_advisory_xact_lock(pg_catalog.hashtextextended($1::text, 0))::text as locked`,
    values: [name],
  }
}

/** The transaction that holds the lock waits while the steps run. */
export const mayStayIdleSql: Statement = { text: 'set local idle_in_transaction_session_timeout = 0' }
