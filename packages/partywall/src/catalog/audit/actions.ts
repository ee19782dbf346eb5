/** What an entry of the audit can be about. Other programs may search for these names, so a name is never used for another action later. */
export const actions = {
  'tenant.created': 'a tenant was created, with its schema, tables and domains',
  'tenant.updated': 'the name or attributes of a tenant were changed',
  'tenant.activated': 'the suspension or the maintenance of a tenant was ended',
  'tenant.suspended': 'a tenant was suspended',
  'tenant.maintenance': 'a tenant was put into maintenance',
  'tenant.archived': 'a tenant was archived',
  'tenant.password': 'the own login of a tenant got a new password',
  'domain.added': 'a domain was added to a tenant',
  'domain.removed': 'a domain was removed from a tenant',
  'domain.primary': 'a domain was made the primary one of its tenant',
  'migrations.started': 'a run of migrations has its plan, and is about to change the first schema',
  'migrations.run': 'a run that applied migrations has ended',
  'migrations.down': 'a run that rolled migrations back has ended',
  'migrations.redo': 'a run that rolled the last migration back and applied it again has ended',
  'migrations.reset': 'a run that emptied tenants and applied all migrations has ended',
  'migrations.fake': 'a run that only recorded migrations as applied has ended',
  'boundary.upgraded': 'a tenant got the role and the rights that the option `boundary` asks for',
  'boundary.downgraded': 'a tenant got the rights of the boundary `path`, or lost its role',
  'drift.fixed': 'a tenant is about to get what it lacks, compared with what its migrations give',
  'login.created': 'a login for the tools of a customer was made',
  'login.revoked': 'a login for the tools of a customer was dropped',
  'sql.run': 'an operator is about to run SQL with `partywall sql`',
} as const satisfies Record<string, string>

export type ActionName = keyof typeof actions
