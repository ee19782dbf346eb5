import { commentOn, membersOf, relationsOfSchema } from './fragments-sql.ts'

/** The constraints of tables and of domains, each with the object id of its table or domain. A constraint trigger is read as a trigger. */
export const constraintsSelect = `
    select
      rule.holder::text as holder,
      rule.conname as name,
      pg_catalog.pg_get_constraintdef(rule.oid, true) as definition,
      rule.convalidated as validated,
      rule.condeferrable as deferrable,
      rule.condeferred as deferred,
      rule.conislocal as local,
      rule.coninhcount as inherited,
      (
        select coalesce(pg_catalog.json_agg(altered.words order by altered.words collate "C"), '[]'::json)
        from (
          select distinct
            case enforcing.tgenabled when 'D' then 'disabled' when 'R' then 'replica' else 'always' end
            || ' on ' || enforcing.tgrelid::pg_catalog.regclass::text as words
          from pg_catalog.pg_trigger as enforcing
          where enforcing.tgconstraint = rule.oid
            and enforcing.tgisinternal
            and enforcing.tgenabled <> 'O'
        ) as altered
      ) as "alteredTriggers",
      ${commentOn('pg_constraint', 'rule.oid')} as comment
    from (
      select relation.oid as holder, of_table.*
      from ${relationsOfSchema} as relation
      join pg_catalog.pg_constraint as of_table on of_table.conrelid = relation.oid
      union all
      select member.oid as holder, of_domain.*
      from ${membersOf('pg_type')} as member
      join pg_catalog.pg_constraint as of_domain on of_domain.contypid = member.oid
    ) as rule
    where path.value is not null
      and rule.contype <> 't'`
