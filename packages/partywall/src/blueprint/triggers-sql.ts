/** What else hangs on tables and views, each with the object id of its table: triggers, rules and policies. */
import { commentOn, extensionsOf, firingState, relationsOfSchema, rowsOf } from './fragments-sql.ts'

export const triggersSelect = `
    select
      relation.relname as relation,
      trigger.tgname as name,
      pg_catalog.pg_get_triggerdef(trigger.oid, true) as definition,
      ${firingState('trigger.tgenabled')} as enabled,
      trigger.tgparentid <> 0 as inherited,
      ${extensionsOf('pg_trigger', 'trigger.oid')} as "dependsOn",
      ${commentOn('pg_trigger', 'trigger.oid')} as comment
    from ${relationsOfSchema} as relation
    cross join lateral ${rowsOf('pg_trigger', 'tgrelid', 'relation.oid')} as trigger
    where not trigger.tgisinternal
    order by relation.relname, trigger.tgname`

export const rulesSelect = `
    select
      relation.relname as relation,
      rule.rulename as name,
      pg_catalog.pg_get_ruledef(rule.oid, true) as definition,
      ${firingState('rule.ev_enabled')} as enabled,
      ${commentOn('pg_rewrite', 'rule.oid')} as comment
    from ${relationsOfSchema} as relation
    join pg_catalog.pg_rewrite as rule on rule.ev_class = relation.oid
    where rule.rulename <> '_RETURN'
    order by relation.relname, rule.rulename`

export const policiesSelect = `
    select
      relation.relname as relation,
      policy.polname as name,
      case policy.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete' else 'all' end
        as command,
      policy.polpermissive as permissive,
      (
        select pg_catalog.json_agg(role.name order by role.name collate "C")
        from (
          select case id when 0 then 'everyone' else 'role ' || pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(id)) end as name
          from pg_catalog.unnest(policy.polroles) as id
        ) as role
      ) as roles,
      pg_catalog.pg_get_expr(policy.polqual, policy.polrelid, true) as using,
      pg_catalog.pg_get_expr(policy.polwithcheck, policy.polrelid, true) as check,
      ${commentOn('pg_policy', 'policy.oid')} as comment
    from ${relationsOfSchema} as relation
    join pg_catalog.pg_policy as policy on policy.polrelid = relation.oid
    order by relation.relname, policy.polname`
