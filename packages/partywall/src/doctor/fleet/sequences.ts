/**
 * PW-110: no sequence is near its end, nor near the end of the column that takes its values: a 4-byte integer column ends at 2,147,483,647, whatever its
 * sequence. To read a sequence is to lock it until the end of the transaction, so many are read in portions, those of the largest tables first, within a
 * bound of time; what was not read is told.
 */
import type { Statement } from '../../sql/statement.ts'
import type { Context, Examination, Observation } from '../context/examination.ts'
import { count, onlyTenant, plural, someTenants, tenantsText } from '../context/wording.ts'

export const sequences: Examination = {
  id: 'PW-110',
  title: 'Sequences near their end',
  needs: 'catalog',
  async run({ askDeploy, options: { sharedSchema } }: Context) {
    const until = performance.now() + mostMs
    const [listed] = await askDeploy<Listed>(sequencesSql(sharedSchema))
    const { ids, hidden, room } = listed!
    const found: UsedSequence[] = []
    // An eighth of all locks at most: other transactions need theirs.
    const portion = Math.max(10, Math.min(1000, Math.floor(room / 8)))
    let read = 0
    while (read < ids.length && (read === 0 || performance.now() < until)) {
      found.push(...(await askDeploy<UsedSequence>(usedSql(ids.slice(read, read + portion), tooMuch))))
      read += portion
    }
    return [...observe(found), ...unread(ids.length - read), ...notReadable(hidden)]
  },
}

/** Of the values, so many are used. */
const tooMuch = 0.8
const mostMs = 2500

interface Listed {
  /** Those that may end, the ones of the largest tables first. */
  readonly ids: readonly string[]
  /** How many the role may not read. */
  readonly hidden: number
  readonly room: number
}

export interface UsedSequence {
  readonly schema: string
  readonly sequence: string
  readonly limit: string
  /** Where the column ends before the sequence does: its name, with its table. */
  readonly column: string | null
  /** From 0 to 1. */
  readonly used: number
}

/** One finding for sequences of the same name. */
export function observe(found: readonly UsedSequence[]): Observation[] {
  return [...Map.groupBy(found, ({ sequence, column, limit }) => JSON.stringify([sequence, column, limit])).values()].map(
    (alike) => {
      const { sequence, column, limit } = alike[0]!
      const used = Math.max(...alike.map((one) => one.used))
      const some = someTenants(alike.map(({ schema }) => schema))
      const end = column === null ? 'it ends' : `the column ${column} ends`
      return {
        severity: used >= almostAll ? 'error' : 'warning',
        seen: `The sequence ${JSON.stringify(sequence)} has used ${Math.floor(used * 100)} % of its values in ${tenantsText(some)}: ${end} at ${count(Number(limit))}, and inserts fail then.`,
        fix:
          column === null
            ? 'In a migration: alter sequence … as bigint no maxvalue (and the column that takes its values to bigint).'
            : `In a migration: alter table … alter column … type bigint for ${column}, and for columns that refer to it. It rewrites the table and locks it.`,
        ...onlyTenant(some),
      }
    },
  )
}

const almostAll = 0.95

function unread(amount: number): Observation[] {
  if (amount <= 0) return []
  return [
    {
      severity: 'info',
      seen: `${plural(amount, 'sequence was', 'sequences were')} not read, because that takes long: those of the smallest tables.`,
      fix: 'Nothing has to be done: a sequence of a small table is seldom near its end. pg_catalog.pg_sequences shows the sequences of one schema.',
    },
  ]
}

function notReadable(amount: number): Observation[] {
  if (amount === 0) return []
  return [
    {
      severity: 'warning',
      seen: `${plural(amount, 'sequence')} could not be examined: the role of the doctor may not read them.`,
      fix: 'Let the role of the option "database.deploy" own them: alter sequence … owner to …',
    },
  ]
}

/** The columns that take the values of a sequence: the one that owns it, and those whose default names it. */
const columnsSql = `
        select dependency.objid as sequence, dependency.refobjid as relation, dependency.refobjsubid as number
        from pg_catalog.pg_depend as dependency
        where dependency.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
          and dependency.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
          and dependency.deptype in ('a', 'i')
          and dependency.refobjsubid > 0
        union
        select dependency.refobjid, given.adrelid, given.adnum::integer
        from pg_catalog.pg_depend as dependency
        join pg_catalog.pg_attrdef as given on given.oid = dependency.objid
        where dependency.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass
          and dependency.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
          and dependency.deptype = 'n'
      `

/**
 * A column of 8 bytes and its sequence do not end. Its own limits are those that a person gave it. The type of a column is looked up only where the
 * sequence does not end: the server would read all of pg_attribute otherwise, which is the largest of its catalogs.
 */
function sequencesSql(sharedSchema: string): Statement {
  return {
    text: `
      with ours as materialized (
        select
          sequence.seqrelid as id,
          sequence.seqmax < 9223372036854775807 and not sequence.seqcycle as ends
        from pg_catalog.pg_sequence as sequence
        join pg_catalog.pg_class as relation on relation.oid = sequence.seqrelid
        join pg_catalog.pg_namespace as namespace on namespace.oid = relation.relnamespace
        left join partywall.tenants as tenant on tenant.schema = namespace.nspname::text
        where tenant.schema is not null or namespace.nspname = $1::name
      ),
      column_of as (${columnsSql}),
      taken as materialized (
        select ours.id, ours.ends, column_of.relation, column_of.number
        from ours
        left join column_of on column_of.sequence = ours.id
      ),
      candidate as (
        select
          taken.id,
          max(coalesce(taker.reltuples, 0)) as rows,
          has_sequence_privilege(taken.id, 'usage, select') as readable
        from taken
        left join pg_catalog.pg_class as taker on taker.oid = taken.relation
        left join lateral (
          select attribute.atttypid as id
          from pg_catalog.pg_attribute as attribute
          where attribute.attrelid = taken.relation
            and attribute.attnum = taken.number
            and not taken.ends
          limit 1
        ) as type on true
        where taken.ends
          or type.id in ('pg_catalog.int2'::pg_catalog.regtype, 'pg_catalog.int4'::pg_catalog.regtype)
        group by taken.id
      )
      select
        coalesce(array_agg(id::text order by rows desc, id) filter (where readable), '{}') as ids,
        count(*) filter (where not readable)::integer as hidden,
        (current_setting('max_locks_per_transaction')::bigint * current_setting('max_connections')::bigint)::float8 as room
      from candidate`,
    values: [sharedSchema],
  }
}

function usedSql(ids: readonly string[], fraction: number): Statement {
  return {
    text: `
      with column_of as not materialized (${columnsSql})
      select
        namespace.nspname::text as schema,
        relation.relname::text as sequence,
        bound.most::text as limit,
        case when bound.most < sequence.seqmax then bound.name end as column,
        (bound.last::numeric / bound.most)::float8 as used
      from unnest($1::oid[]) as read (id)
      join pg_catalog.pg_sequence as sequence on sequence.seqrelid = read.id and sequence.seqincrement > 0
      join pg_catalog.pg_class as relation on relation.oid = read.id
      join pg_catalog.pg_namespace as namespace on namespace.oid = relation.relnamespace
      cross join lateral (
        select
          coalesce(pg_sequence_last_value(read.id), 0) as last,
          least(sequence.seqmax, min(case attribute.atttypid
            when 'pg_catalog.int2'::pg_catalog.regtype then 32767
            when 'pg_catalog.int4'::pg_catalog.regtype then 2147483647
            else 9223372036854775807
          end)) as most,
          min(format('%I.%I', taker.relname, attribute.attname)) as name
        from column_of
        join pg_catalog.pg_class as taker on taker.oid = column_of.relation
        join pg_catalog.pg_attribute as attribute
          on attribute.attrelid = column_of.relation
          and attribute.attnum = column_of.number
        where column_of.sequence = read.id
      ) as bound
      where bound.last > $2::numeric * bound.most
      order by used desc, schema`,
    values: [ids, fraction],
  }
}
