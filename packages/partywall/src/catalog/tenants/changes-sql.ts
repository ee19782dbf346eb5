/** Statements about the announcements of changes. They are sent on a connection without a search path of ours: every name is qualified. */
import type { Statement } from '../../sql/statement.ts'

/** The channel of NOTIFY on which the triggers of the catalog announce changes. */
export const changesChannel = 'partywall'

/**
 * One row: `look`, the oldest transaction that had not ended at this look, and `changes`, what was announced by it or by a later one, as
 * lines of `<number> <announcement>`. Of more than 1000 the line is `0 all`.
 */
export function changesSinceSql(look: string | undefined): Statement {
  return {
    text: `
      select
        pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot())::text as look,
        case
          when pg_catalog.count(*) operator(pg_catalog.>) 1000 then '0 all'
          else pg_catalog.string_agg(
            pg_catalog.concat(change.id, ' ', change.what), pg_catalog.chr(10) order by change.id
          )
        end as changes
      from (
        select change.id, change.what
        from partywall.changes as change
        where change.transaction operator(pg_catalog.>=) $1::pg_catalog.xid8
        order by change.id
        limit 1001
      ) as change`,
    values: [look ?? null],
  }
}
