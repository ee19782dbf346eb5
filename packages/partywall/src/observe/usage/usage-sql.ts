/** Statements about what tenants use. Every name is qualified, so the search path does not matter. */
import type { Statement } from '../../sql/statement.ts'

/** The columns of the counters, in the order of `counterNames`. */
const counters = ['calls', 'statements', 'failed', 'refused', 'rows', 'busy_ms', 'bytes_sent', 'bytes_received'] as const

export interface StoredSheet {
  readonly id: string
  readonly from: Date
  readonly until: Date
  readonly isClosed: boolean
}

export interface StoredLine {
  readonly sheetId: string
  readonly tenantId: string
  /** In the order of `counterNames`. */
  readonly numbers: readonly number[]
}

/** Stores sheets and lines as they are by now. Sent twice, it changes nothing the second time. A line that was collected and has grown is to be collected again. */
export function storeSql(process: string, sheets: readonly StoredSheet[], lines: readonly StoredLine[]): Statement {
  const grown = counters.map((column) => `usage.${column} is distinct from excluded.${column}`).join(' or ')
  return {
    text: `
      with sheet as (
        insert into partywall.usage_sheets (id, process, period_from, period_until, is_closed)
        select given.id, $1::text, given.period_from, given.period_until, given.is_closed
        from rows from (
          pg_catalog.unnest($2::uuid[]),
          pg_catalog.unnest($3::timestamptz[]),
          pg_catalog.unnest($4::timestamptz[]),
          pg_catalog.unnest($5::boolean[])
        ) as given (id, period_from, period_until, is_closed)
        on conflict (id) do update set flushed_at = pg_catalog.clock_timestamp(), is_closed = excluded.is_closed
      )
      insert into partywall.usage (sheet_id, tenant_id, ${counters.join(', ')})
      select * from rows from (
          pg_catalog.unnest($6::uuid[]),
          pg_catalog.unnest($7::uuid[]),
          pg_catalog.unnest($8::bigint[]),
          pg_catalog.unnest($9::bigint[]),
          pg_catalog.unnest($10::bigint[]),
          pg_catalog.unnest($11::bigint[]),
          pg_catalog.unnest($12::bigint[]),
          pg_catalog.unnest($13::float8[]),
          pg_catalog.unnest($14::bigint[]),
          pg_catalog.unnest($15::bigint[])
        )
      on conflict (sheet_id, tenant_id) do update set
        ${counters.map((column) => `${column} = excluded.${column}`).join(', ')},
        collected_at = case when ${grown} then null else usage.collected_at end`,
    values: [
      process,
      sheets.map(({ id }) => id),
      sheets.map(({ from }) => from.toISOString()),
      sheets.map(({ until }) => until.toISOString()),
      sheets.map(({ isClosed }) => isClosed),
      lines.map(({ sheetId }) => sheetId),
      lines.map(({ tenantId }) => tenantId),
      ...counters.map((_, index) => lines.map(({ numbers }) => numbers[index]!)),
    ],
  }
}

/** Deletes what is older than this. */
export function forgetSql(keepDays: number): Statement {
  return {
    text: `
      delete from partywall.usage_sheets as sheet
      where sheet.period_until < pg_catalog.now() - $1::int * interval '1 day'`,
    values: [keepDays],
  }
}

export interface TopRow extends Record<string, unknown> {
  readonly tenant_id: string
  readonly schema: string | null
  readonly name: string | null
  readonly kind: string | null
}

/** The tenants with the most of one counter, and their sums. @param by the place of the counter in `counterNames` */
export function topSql(by: number, since: Date, until: Date, limit: number): Statement {
  return {
    text: `
      select
        used.tenant_id::text as tenant_id,
        tenant.schema::text as schema,
        tenant.name as name,
        tenant.kind as kind,
        ${counters.map((column) => `used.${column}::text as ${column}`).join(', ')}
      from (
        select line.tenant_id, ${counters.map((column) => `pg_catalog.sum(line.${column}) as ${column}`).join(', ')}
        from partywall.usage_sheets as sheet
        join partywall.usage as line on line.sheet_id = sheet.id
        where sheet.period_until > $1::timestamptz and sheet.period_from < $2::timestamptz
        group by line.tenant_id
        order by ${by + 2} desc, line.tenant_id
        limit $3::int
      ) as used
      left join partywall.tenants as tenant on tenant.id = used.tenant_id
      order by used.${counters[by]!} desc, used.tenant_id`,
    values: [since.toISOString(), until.toISOString(), limit],
  }
}

export interface InterruptedRow extends Record<string, unknown> {
  readonly process: string
  readonly at: string
}

/** Processes that have not closed a sheet, and have not stored anything for so long that they must have ended. */
export function interruptedSql(since: Date, until: Date, silentMs: number): Statement {
  return {
    text: `
      select sheet.process as process, pg_catalog.floor(extract(epoch from sheet.flushed_at) * 1000)::text as at
      from partywall.usage_sheets as sheet
      where not sheet.is_closed
        and sheet.flushed_at < pg_catalog.now() - $3::float8 * interval '1 millisecond'
        and sheet.period_until > $1::timestamptz and sheet.period_from < $2::timestamptz
      order by sheet.flushed_at, sheet.id
      limit 100`,
    values: [since.toISOString(), until.toISOString(), silentMs],
  }
}

export interface CollectedRow extends Record<string, unknown> {
  readonly sheet_id: string
  readonly tenant_id: string
  readonly period_from: string
  readonly period_until: string
}

/** Lines of sheets that do not grow any more, which were not collected, and which no other process is collecting. */
export function uncollectedSql(limit: number, silentMs: number): Statement {
  return {
    text: `
      select
        line.sheet_id::text as sheet_id,
        line.tenant_id::text as tenant_id,
        pg_catalog.floor(extract(epoch from sheet.period_from) * 1000)::text as period_from,
        pg_catalog.floor(extract(epoch from sheet.period_until) * 1000)::text as period_until,
        ${counters.map((column) => `line.${column}::text as ${column}`).join(', ')}
      from partywall.usage as line
      join partywall.usage_sheets as sheet on sheet.id = line.sheet_id
      where line.collected_at is null
        and (sheet.is_closed or sheet.flushed_at < pg_catalog.now() - $2::float8 * interval '1 millisecond')
      order by sheet.period_from, line.sheet_id, line.tenant_id
      limit $1::int
      for update of line skip locked`,
    values: [limit, silentMs],
  }
}

export function collectedSql(lines: readonly Pick<CollectedRow, 'sheet_id' | 'tenant_id'>[]): Statement {
  return {
    text: `
      update partywall.usage as line set collected_at = pg_catalog.now()
      from rows from (
          pg_catalog.unnest($1::uuid[]),
          pg_catalog.unnest($2::uuid[])
        ) as given (sheet_id, tenant_id)
      where line.sheet_id = given.sheet_id and line.tenant_id = given.tenant_id`,
    values: [lines.map(({ sheet_id }) => sheet_id), lines.map(({ tenant_id }) => tenant_id)],
  }
}

/** The numbers of a row, in the order of `counterNames`. */
export function numbersOf(row: Record<string, unknown>): number[] {
  return counters.map((column) => Number(row[column]))
}
