/**
 * PW-002: options that contradict each other. Each is valid alone; together, one of them has no effect, or takes back what another one
 * promises. An error takes back a promise.
 */
import { needsLogins, needsRoles } from '../config/boundary-option.ts'
import type { Observation } from '../findings.ts'
import { defineCheck, type ConfigFacts } from './check.ts'

export const contradictingOptions = defineCheck({
  id: 'PW-002',
  title: 'Options contradict each other',
  needs: ['config'],
  run: ({ config }) => contradictions(config),
})

/** Of this config; an empty list when there are none. */
export function contradictions(config: ConfigFacts): Observation[] {
  return rules.flatMap(({ severity, seen, fix }) => {
    const found = seen(config)
    return found === undefined ? [] : [{ severity, seen: found, fix }]
  })
}

interface Rule {
  readonly severity: Observation['severity']
  /** What is contradictory, or undefined. */
  seen(config: ConfigFacts): string | undefined
  readonly fix: string
}

const rules: readonly Rule[] = [
  {
    severity: 'error',
    seen: ({ options: { outsideScope, boundary } }) =>
      when(
        outsideScope === 'shared' && needsRoles(boundary),
        `outsideScope is 'shared', and the boundary ${boundaryList(boundary)} gives tenants no right to write shared tables: a statement that ` +
          'lost its tenant runs in the shared schema, with the rights of the shared pool',
      ),
    fix: "Set outsideScope to 'refuse', and query shared tables through tenancy.sharedPool or tenancy.runShared.",
  },
  {
    severity: 'warning',
    seen: ({ options: { outsideScope, includeShared } }) =>
      when(
        outsideScope === 'shared' && !includeShared,
        "includeShared is false, so tenants do not see the shared schema; outsideScope is 'shared', so a statement that lost its tenant does",
      ),
    fix: "Set outsideScope to 'refuse'.",
  },
  {
    severity: 'error',
    seen: ({ options: { strict, boundary } }) =>
      when(
        strict && !everyBoundary(boundary).includes('role'),
        `strict is true, and no tenant has the boundary 'role': only under it are such texts refused; the boundary is ${boundaryList(boundary)}`,
      ),
    fix: "Set boundary to 'role', or remove strict.",
  },
  {
    severity: 'error',
    seen: ({ options: { shared, boundary } }) =>
      when(
        Object.keys(shared.grants).length > 0 && !needsRoles(boundary),
        "shared.grants lists what tenants may write, and under the boundary 'path' every tenant may write every shared table",
      ),
    fix: "Set boundary to 'role' or 'login', or remove shared.grants.",
  },
  {
    severity: 'warning',
    seen: ({ options: { shared, boundary } }) =>
      when(
        Object.keys(shared.grants).length > 0 && needsRoles(boundary) && everyBoundary(boundary).includes('path'),
        "shared.grants lists what tenants may write, and the tenants with the boundary 'path' may write every shared table",
      ),
    fix: "Give these tenants the boundary 'role' or 'login', too.",
  },
  {
    severity: 'warning',
    seen: ({ options: { shared, includeShared } }) =>
      when(
        Object.keys(shared.grants).length > 0 && !includeShared,
        'shared.grants lets tenants write shared tables, and includeShared is false, so their search path does not find these tables',
      ),
    fix: 'Set includeShared to true, or write the schema in front of the names of these tables.',
  },
  {
    severity: 'warning',
    seen: ({ options: { boundary } }) => {
      const weaker = weakerThanDefault(boundary)
      return when(
        weaker.length > 0,
        `the default boundary is '${boundary.default}', and a weaker one is set for ${weaker.join(', ')}`,
      )
    },
    fix: 'Remove the exceptions, or make them stronger than the default: SQL of a tenant with a weaker boundary may reach all the others.',
  },
  {
    severity: 'warning',
    seen: ({ options: { boundary }, hasDeploy, isEmbedded }) =>
      when(
        needsRoles(boundary) && !hasDeploy && !isEmbedded,
        `the boundary is ${boundaryList(boundary)}, and database.deploy is missing: the application logs in as the role that owns the tables of all ` +
          'tenants, and a statement that resets its role has its rights',
      ),
    fix: 'Give work on structure a login of its own: database: { connectionString, deploy }.',
  },
  {
    severity: 'warning',
    seen: ({ options: { boundary }, hasLoginKey }) =>
      when(
        hasLoginKey && !needsLogins(boundary),
        "database.loginKey is set, and no tenant has the boundary 'login': the secret has no use",
      ),
    fix: "Remove database.loginKey, or set the boundary 'login'.",
  },
  {
    severity: 'warning',
    seen: ({ options: { boundary, pool } }) =>
      when(
        pool.loginMax !== 10 && !needsLogins(boundary),
        `pool.loginMax is ${pool.loginMax}, and no tenant has the boundary 'login': the option has no effect`,
      ),
    fix: "Remove pool.loginMax, or set the boundary 'login'.",
  },
  {
    severity: 'error',
    seen: ({ options: { extraSearchPath, sharedSchema, includeShared } }) =>
      when(
        extraSearchPath.includes(sharedSchema) && !includeShared,
        `includeShared is false, and extraSearchPath holds the shared schema ${JSON.stringify(sharedSchema)}: tenants find its tables, and names ` +
          'in both scopes are not looked for',
      ),
    fix: 'Remove the shared schema from extraSearchPath; set includeShared to true if tenants should find its tables.',
  },
  {
    severity: 'warning',
    seen: ({ options: { extraSearchPath, sharedSchema, includeShared } }) =>
      when(
        extraSearchPath.includes(sharedSchema) && includeShared,
        `extraSearchPath holds the shared schema ${JSON.stringify(sharedSchema)}, which is in the search path already`,
      ),
    fix: 'Remove the shared schema from extraSearchPath.',
  },
  {
    severity: 'warning',
    seen: ({ options: { extraSearchPath } }) => {
      const twice = extraSearchPath.filter((schema, index) => extraSearchPath.indexOf(schema) < index)
      return when(twice.length > 0, `extraSearchPath holds ${quoted(twice)} more than once`)
    },
    fix: 'Write each schema once.',
  },
  {
    severity: 'warning',
    seen: ({ options: { statementTimeoutMs } }) =>
      when(
        statementTimeoutMs === 0,
        'statementTimeoutMs is 0, which is no limit: it takes back the limit that the role or the server may have, for every tenant',
      ),
    fix: 'Give a limit in milliseconds, or leave the option out to keep that of the server.',
  },
  {
    severity: 'warning',
    seen: ({ options: { migrations, includeShared } }) =>
      when(
        migrations.shadowed.length > 0 && !includeShared,
        `migrations.shadowed lists ${quoted(migrations.shadowed)}, and includeShared is false: no name of a tenant leads to the shared schema`,
      ),
    fix: 'Remove migrations.shadowed.',
  },
  {
    severity: 'warning',
    seen: ({ options: { behind, includeShared } }) =>
      when(
        behind === 'allow' && includeShared,
        "behind is 'allow', and includeShared is true: a tenant that lacks a new table is entered, and uses the shared table of that name",
      ),
    fix: "Leave behind out, which refuses exactly these tenants, or set it to 'refuse'.",
  },
  {
    severity: 'error',
    seen: ({ options: { migrations } }) => {
      const kinds = Object.keys(migrations.tenant).filter(
        (kind) => migrations.shared !== false && migrations.tenant[kind] === migrations.shared,
      )
      return when(
        kinds.length > 0,
        `migrations.shared and migrations.tenant (${kinds.join(', ')}) are the same source: every table would be in both scopes`,
      )
    },
    fix: 'Give the shared schema and the tenants a source of their own; false says that there are no migrations.',
  },
  {
    severity: 'warning',
    seen: ({ options: { pool } }) =>
      when(pool.min > pool.max, `pool.min is ${pool.min}, and pool.max is ${pool.max}: the pool never holds so many connections`),
    fix: 'Set pool.min to pool.max at most.',
  },
  {
    severity: 'error',
    seen: ({ isEmbedded }) =>
      when(
        isEmbedded && process.env['NODE_ENV'] === 'production',
        'NODE_ENV is production, and no database is configured: the embedded PostgreSQL is for development, and every query is refused',
      ),
    fix: 'Set the variable from which the option database is read, usually DATABASE_URL.',
  },
]

type Boundaries = ConfigFacts['options']['boundary']

const strength = { path: 0, role: 1, login: 2 } as const

function everyBoundary({ default: fallback, kinds, tenants }: Boundaries): Boundaries['default'][] {
  return [...new Set([fallback, ...Object.values(kinds), ...Object.values(tenants)])]
}

function boundaryList(boundary: Boundaries): string {
  return everyBoundary(boundary)
    .map((one) => `'${one}'`)
    .join(' and ')
}

function weakerThanDefault({ default: fallback, kinds, tenants }: Boundaries): string[] {
  const weaker = (what: string, all: Boundaries['kinds']): string[] =>
    Object.entries(all)
      .filter(([, one]) => strength[one] < strength[fallback])
      .map(([name, one]) => `the ${what} ${JSON.stringify(name)} ('${one}')`)
  return [...weaker('kind', kinds), ...weaker('tenant', tenants)]
}

function quoted(names: readonly string[]): string {
  return [...new Set(names)].map((name) => JSON.stringify(name)).join(', ')
}

function when(isSo: boolean, seen: string): string | undefined {
  return isSo ? seen : undefined
}
