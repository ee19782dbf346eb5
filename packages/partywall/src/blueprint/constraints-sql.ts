import { commentOn, membersOf, relationsOfSchema } from './fragments-sql.ts'

/** The constraints of tables and of domains, each with the object id of its table or domain. A constraint trigger is read as a trigger. */
export const constraintsSelect = `
    select
      rule.holder as holder,
      rule.conname as name,
      pg_catalog.pg_get_constraintdef(rule.oid, true) as definition,
      rule.convalidated as validated,
      rule.condeferrable as deferrable,
      rule.condeferred as deferred,
      -- Of what a partition has from the whole table PostgreSQL says so or so, depending on how the partition was made.
      (rule.conislocal or rule.coninhcount = 0) and not (rule.is_part and rule.coninhcount > 0) as local,
      rule.coninhcount as inherited,
      case when rule.contype <> 'f' then '[]'::json else (
        select coalesce(pg_catalog.json_agg(altered.words order by altered.words collate "C"), '[]'::json)
        from (
          select distinct
            case enforcing.tgenabled when 'D' then 'disabled' when 'R' then 'replica' else 'always' end
            || ' on ' || enforcing.tgrelid::pg_catalog.regclass::text as words
          from pg_catalog.pg_trigger as enforcing
          where enforcing.tgconstraint in (
              select rule.oid
              union all
              select made.oid
              from pg_catalog.pg_constraint as made
              where made.conrelid = rule.conrelid
                and made.conparentid = rule.oid
            )
            and enforcing.tgisinternal
            and enforcing.tgenabled <> 'O'
        ) as altered
      ) end as "alteredTriggers",
      ${commentOn('pg_constraint', 'rule.oid')} as comment
    from (
      select relation.relname as holder, relation.relispartition as is_part, of_table.*
      from ${relationsOfSchema} as relation
      join pg_catalog.pg_constraint as of_table on of_table.conrelid = relation.oid
      union all
      select domain.typname as holder, false as is_part, of_domain.*
      from ${membersOf('pg_type')} as member
      join pg_catalog.pg_type as domain on domain.oid = member.oid
      join pg_catalog.pg_constraint as of_domain on of_domain.contypid = domain.oid
    ) as rule
    where rule.contype <> 't'
      -- PostgreSQL makes one more of a foreign key for each partition of the table that it refers to, with a name that depends on their order.
      and not exists (
        select
        from pg_catalog.pg_constraint as of_whole
        where of_whole.oid = rule.conparentid
          and of_whole.conrelid = rule.conrelid
      )
    order by rule.holder, rule.conname`
