/** What hangs on tables and views and comes last: triggers, rules, policies, and the states of the table. */
import { identifier } from '../../names/identifier.ts'
import type { Blueprint, FiringState, Policy, Relation } from '../blueprint.ts'
import type { Unit } from './rendered-schema.ts'

export function hangingUnits({ relations }: Pick<Blueprint, 'relations'>): Unit[] {
  return relations.flatMap((relation) => [...triggers(relation), ...rules(relation), ...policies(relation), ...states(relation)])
}

/** Triggers of a partition are there when its table has them; only how they fire may differ. */
function triggers({ name, triggers: all }: Relation): Unit[] {
  const table = identifier(name)
  const made = all.flatMap(({ name: trigger, definition, inherited, dependsOn }) => [
    ...(inherited ? [] : [definition]),
    ...dependsOn.map(
      (extension) => `alter trigger ${identifier(trigger)} on ${table} depends on extension ${identifier(extension)}`,
    ),
  ])
  const changed = all.flatMap((trigger) => firing(table, 'trigger', trigger))
  return [...unit('trigger', made), ...unit('state', changed)]
}

function rules({ name, rules: all }: Relation): Unit[] {
  const changed = all.flatMap((rule) => firing(identifier(name), 'rule', rule))
  return [
    ...unit(
      'rule',
      all.map(({ definition }) => definition),
    ),
    ...unit('state', changed),
  ]
}

function policies({ name, policies: all }: Relation): Unit[] {
  const made = all.map((policy) =>
    [
      `create policy ${identifier(policy.name)} on ${identifier(name)}`,
      ...(policy.permissive ? [] : ['as restrictive']),
      `for ${policy.command}`,
      ...Object.values(policyClauses(policy)).filter((clause) => clause !== undefined),
    ].join(' '),
  )
  return unit('policy', made)
}

/** What ALTER POLICY can change. */
export function policyClauses({ roles, using, check }: Policy): {
  roles: string
  using: string | undefined
  check: string | undefined
} {
  return {
    roles: `to ${roles.map((role) => (role === 'everyone' ? 'public' : role.slice('role '.length))).join(', ')}`,
    using: using === null ? undefined : `using (${using})`,
    check: check === null ? undefined : `with check (${check})`,
  }
}

function states(relation: Relation): Unit[] {
  const alter = `alter table only ${identifier(relation.name)}`
  const clustered = relation.indexes.find((index) => index.clustered)
  const identity = relation.indexes.find((index) => index.replicaIdentity)
  const isTable = ['table', 'partitioned table', 'materialized view'].includes(relation.kind)
  return unit('state', [
    ...(relation.rowSecurity ? [`${alter} enable row level security`] : []),
    ...(relation.forceRowSecurity ? [`${alter} force row level security`] : []),
    ...(clustered === undefined ? [] : [clusterOn(relation, clustered.name)]),
    ...(relation.replicaIdentity === 'index' && identity !== undefined
      ? [`${alter} replica identity using index ${identifier(identity.name)}`]
      : []),
    ...(isTable && ['nothing', 'full'].includes(relation.replicaIdentity)
      ? [`${alter} replica identity ${relation.replicaIdentity}`]
      : []),
    ...(relation.kind === 'materialized view' ? relation.dependsOn : []).map(
      (extension) => `alter materialized view ${identifier(relation.name)} depends on extension ${identifier(extension)}`,
    ),
  ])
}

function clusterOn({ name, kind }: Relation, index: string): string {
  return `alter ${kind === 'materialized view' ? 'materialized view' : 'table only'} ${identifier(name)} cluster on ${identifier(index)}`
}

interface Fires {
  readonly name: string
  readonly enabled: FiringState
}

/** A new one is enabled. */
function firing(table: string, kind: 'trigger' | 'rule', fires: Fires): string[] {
  return fires.enabled === 'enabled' ? [] : [firingSql(table, kind, fires)]
}

export function firingSql(table: string, kind: 'trigger' | 'rule', { name, enabled }: Fires): string {
  const verb = { enabled: 'enable', disabled: 'disable', replica: 'enable replica', always: 'enable always' }[enabled]
  return `alter table only ${table} ${verb} ${kind} ${identifier(name)}`
}

function unit(tier: Unit['tier'], statements: readonly string[]): Unit[] {
  return statements.length === 0 ? [] : [{ keys: [], statements, tier }]
}
