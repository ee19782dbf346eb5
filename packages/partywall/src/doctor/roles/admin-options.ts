/** PW-140: the deploy role may give, change and drop the roles that partywall makes. Another deploy role has made them where it may not. */
import { isOfOthersSql } from '../../sql/admin-option.ts'
import type { Statement } from '../../sql/statement.ts'
import type { Context, Examination, Observation } from '../context/examination.ts'
import { tenantCte, tenantValues } from '../context/tenants-sql.ts'
import { listOf, onlyTenant, someTenantsSql, tenantsText, type SomeTenants } from '../context/wording.ts'

export const adminOptions: Examination = {
  id: 'PW-140',
  title: 'Roles that the deploy role may not give or change',
  needs: 'roles',
  async run(context: Context) {
    const { askDeploy, facts } = context
    const fixed = await askDeploy<FixedRole>(fixedSql([facts.granter, facts.tenants, facts.logins, facts.shared, facts.catalog]))
    const tenants = await askDeploy<SomeTenants>(tenantsSql(context))
    const granter = fixed.find(({ role }) => role === facts.granter)
    const ofOthers = fixed.filter(({ isOfOthers }) => isOfOthers).map(({ role }) => role)
    return [
      ...(granter?.isTaken === false ? [mayNotJoin(granter, facts.deploy)] : []),
      ...(ofOthers.length > 0 ? [isFixed(ofOthers, facts.deploy)] : []),
      ...tenants.filter((some) => some.tenants > 0).map((some) => ofTenants(some, facts.deploy)),
    ]
  },
}

interface FixedRole {
  readonly role: string
  readonly isOfOthers: boolean
  /** Whether the deploy role may take it. */
  readonly isTaken: boolean
}

function mayNotJoin({ role, isOfOthers }: FixedRole, deploy: string): Observation {
  return {
    severity: 'error',
    seen: `The role ${JSON.stringify(deploy)}, which makes roles, may not take the role ${JSON.stringify(role)}: no tenant with a role can be created.`,
    fix: isOfOthers ? giveThem : 'Run: npx partywall boundary upgrade',
  }
}

function isFixed(roles: readonly string[], deploy: string): Observation {
  return {
    severity: 'error',
    seen: `The role ${JSON.stringify(deploy)} may not give or change ${listOf(roles)}, which another role made: \`partywall boundary upgrade\` is refused.`,
    fix: giveThem,
  }
}

function ofTenants(some: SomeTenants, deploy: string): Observation {
  return {
    severity: 'warning',
    seen:
      `The role ${JSON.stringify(deploy)} may not give or change the role of ${tenantsText(some)}, which another role made: a change of the boundary, of a ` +
      'password or of a membership is refused.',
    fix: giveThem,
    ...onlyTenant(some),
  }
}

const giveThem =
  'As a superuser, or as the role that made them, run: grant <the role> to <the deploy role> with admin true, inherit false, set false. ' +
  'docs/boundaries.md#another-deploy-role does it for all of them. Do it before you revoke them from the role that made them'

/** Before PostgreSQL 16 every membership lets take the role. */
function fixedSql(names: readonly string[]): Statement {
  return {
    text: `
      select role.rolname::text as role, ${isOfOthersSql('role.oid')} as "isOfOthers",
        pg_catalog.pg_has_role(role.oid, case when pg_catalog.current_setting('server_version_num')::integer >= 160000 then 'SET' else 'MEMBER' end) as "isTaken"
      from pg_catalog.pg_roles as role
      where role.rolname = any ($1::name[])
      order by 1`,
    values: [names],
  }
}

function tenantsSql(context: Context): Statement {
  return {
    text: `
      with ${tenantCte}
      select ${someTenantsSql()}
      from tenant
      where tenant.role is not null
        and ${isOfOthersSql('tenant.role')}`,
    values: tenantValues(context),
  }
}
